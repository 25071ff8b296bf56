internal import SparrowBlocks
internal import SparrowCore

/// The names of element types in safetensors headers.
enum SafetensorsType {
  /// In the order in which the reference writer puts tensors: by falling size.
  private static let names: [(name: String, type: ElementType)] = [
    ("I64", .i64), ("F64", .f64), ("F32", .f32), ("I32", .i32), ("BF16", .bf16), ("F16", .f16),
    ("I16", .i16), ("I8", .i8), ("U8", .u8), ("BOOL", .bool),
  ]

  static func elementType(
    _ name: String, file: String, field: String
  ) throws(SparrowError) -> ElementType {
    if let known = names.first(where: { $0.name == name }) { return known.type }
    throw SparrowError(
      .unsupported, file: file, field: field, found: "dtype " + name.quoted + " is not supported",
      expected: "one of " + names.map(\.name).joined(separator: ", "))
  }

  /// The name of a type; nil for block formats, which safetensors does not have.
  static func name(_ type: ElementType) -> String? { names.first { $0.type == type }?.name }

  /// Where tensors of a type stand in a file, 0 first.
  static func rank(_ type: ElementType) -> Int { names.firstIndex { $0.type == type } ?? 0 }
}
