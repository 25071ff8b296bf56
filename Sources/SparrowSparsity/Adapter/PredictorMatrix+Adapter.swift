internal import SparrowBlocks
internal import SparrowCore
internal import SparrowFormats

extension AdapterFields {
  /// The member "coding": the type of the matrices' elements, float16 where there is none.
  func coding(_ types: [ElementType]) throws(SparrowError) -> ElementType {
    let kind = try optionalString("coding") ?? "f16"
    guard let coding = ElementType(rawValue: kind), types.contains(coding) else {
      throw unknown("coding", kind, types.map(\.rawValue).joined(separator: ", "))
    }
    return coding
  }
}

extension PredictorMatrix {
  /// float16 as such; blocks as bytes in rows, of the type that `coding` names.
  init(
    _ tensors: Checkpoint, name: String, coding: ElementType
  ) throws(SparrowError) {
    guard let entry = tensors[name], entry.shape.count == 2 else {
      throw SparrowError(
        .malformed, file: tensors.path, field: name,
        found: tensors[name].map { "shape \($0.shape)" } ?? "no such tensor",
        expected: "a matrix")
    }
    if coding == .f16 {
      let values = try tensors.values(name, .f16, shape: [nil, nil], as: UInt16.self)
      self.init(
        rows: entry.shape[0], columns: entry.shape[1], type: .f16, bytes: rawBytes(values))
      return
    }
    let values = try tensors.values(name, .u8, shape: [nil, nil], as: UInt8.self)
    guard entry.shape[1] % coding.blockBytes == 0 else {
      throw SparrowError(
        .malformed, file: tensors.path, field: name, found: "rows of \(entry.shape[1]) bytes",
        expected: "whole blocks of \(coding.blockBytes)")
    }
    self.init(
      rows: entry.shape[0], columns: entry.shape[1] / coding.blockBytes * coding.blockElements,
      type: coding, bytes: values)
  }

  func add(to writer: inout SafetensorsWriter, name: String) throws(SparrowError) {
    try writer.add(
      name: name, type: type == .f16 ? .f16 : .u8,
      shape: [rows, type == .f16 ? columns : bytes.count / max(rows, 1)], bytes: bytes)
  }

  /// Whether all numbers are finite: elements, or the scales of blocks.
  var isFinite: Bool {
    let stride = type.blockBytes
    return Swift.stride(from: 0, to: bytes.count, by: stride).allSatisfy {
      bytes[$0 + 1] & 0x7C != 0x7C
    }
  }
}

extension LinearPredictor {
  /// Reads the maps whose tensors begin with `name`; only those with rank have a first one.
  init(
    _ fields: AdapterFields, _ tensors: Checkpoint, name: String, hasRank: Bool
  ) throws(SparrowError) {
    let coding = try fields.coding(PredictorMatrix.types)
    let b = try PredictorMatrix(tensors, name: name + ".b", coding: coding)
    self.init(
      a: hasRank ? try PredictorMatrix(tensors, name: name + ".a", coding: coding) : nil, b: b,
      bias: try tensors.values(name + ".bias", .f32, shape: [b.rows], as: Float.self))
  }

  /// What `adapter.json` says of it.
  var jsonMembers: [(String, JSON)] { [("coding", .string(b.type.rawValue))] }

  func add(to writer: inout SafetensorsWriter, name: String) throws(SparrowError) {
    if let a { try a.add(to: &writer, name: name + ".a") }
    try b.add(to: &writer, name: name + ".b")
    try writer.add(name: name + ".bias", shape: [bias.count], floats: bias)
  }
}
