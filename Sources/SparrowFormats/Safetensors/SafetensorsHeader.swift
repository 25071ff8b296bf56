internal import SparrowCore

/// Reads the header of a safetensors file: where the tensors lie, and its annotations.
///
/// The tensors must fill the data without holes or overlaps, as the format demands; old writers let
/// them begin at any byte. Touches the header only; costs a JSON tree of it while reading.
struct SafetensorsHeader {
  /// The format's own limit, in bytes.
  static let maximumBytes = 100_000_000
  static let maximumDimensions = 8

  /// In the order of their bytes.
  let tensors: [TensorEntry]
  /// `__metadata__`, in the order of the header.
  let annotations: [(key: String, value: String)]

  static func parse(
    _ source: MappedFile, fileIndex: Int = 0
  ) throws(SparrowError) -> SafetensorsHeader {
    let file = source.path
    var cursor = ByteCursor(source)
    let length: UInt64 = try cursor.integer("header length")
    guard length <= maximumBytes else {
      throw cursor.error(
        "header length", found: "\(length) bytes", expected: "at most \(maximumBytes)")
    }
    let range = try cursor.range("header", count: length)
    guard let first = source.bytes[range].first, first == UInt8(ascii: "{") else {
      throw cursor.error("header", found: "no '{'", expected: "a JSON object")
    }
    let json = try withExtendedLifetime(source) { () throws(SparrowError) -> JSON in
      try JSON.parse(UnsafeRawBufferPointer(rebasing: source.bytes[range]), file: file)
    }
    let data = range.upperBound..<source.bytes.count
    return try SafetensorsHeader(json, data: data, file: file, fileIndex: fileIndex)
  }

  private init(
    _ json: JSON, data: Range<Int>, file: String, fileIndex: Int
  ) throws(SparrowError) {
    var names: Set<NameKey> = []
    var tensors: [TensorEntry] = []
    var annotations: [(key: String, value: String)] = []
    for (name, value) in json.members ?? [] {
      guard !name.isEmpty, !name.hasControlCharacter else {
        throw SparrowError(
          .malformed, file: file, field: "header",
          found: name.isEmpty ? "an empty name" : "a control character in a name",
          expected: "printable names")
      }
      guard names.insert(NameKey(name)).inserted else {
        throw SparrowError(
          .malformed, file: file, field: name.quoted, found: "a second entry of this name",
          expected: "each name once")
      }
      if name == "__metadata__" {
        annotations = try Self.annotations(value, file: file)
      } else {
        tensors.append(
          try Self.tensor(name, value, data: data, file: file, fileIndex: fileIndex))
      }
    }
    tensors.sort { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }
    var at = data.lowerBound
    for tensor in tensors {
      guard tensor.offset == at else {
        throw SparrowError(
          .malformed, file: file, field: "tensor " + tensor.name.quoted,
          found: "its bytes begin at \(tensor.offset - data.lowerBound)",
          expected: "\(at - data.lowerBound), without holes or overlaps")
      }
      at += tensor.byteCount
    }
    guard at == data.upperBound else {
      throw SparrowError(
        .malformed, file: file, field: "data", found: "\(data.count) bytes",
        expected: "\(at - data.lowerBound), the sum of the tensors; is the file complete?")
    }
    self.tensors = tensors
    self.annotations = annotations
  }

  private static func annotations(
    _ value: JSON, file: String
  ) throws(SparrowError) -> [(key: String, value: String)] {
    guard let members = value.members else {
      throw SparrowError(
        .malformed, file: file, field: "__metadata__", found: "no object",
        expected: "an object of strings")
    }
    var names: Set<NameKey> = []
    var annotations: [(key: String, value: String)] = []
    for (key, value) in members {
      guard let text = value.string else {
        throw SparrowError(
          .malformed, file: file, field: "__metadata__: " + key.quoted, found: "no string",
          expected: "a string")
      }
      guard names.insert(NameKey(key)).inserted else {
        throw SparrowError(
          .malformed, file: file, field: "__metadata__: " + key.quoted, found: "a second value",
          expected: "each key once")
      }
      annotations.append((key, text))
    }
    return annotations
  }

  private static func tensor(
    _ name: String, _ value: JSON, data: Range<Int>, file: String, fileIndex: Int
  ) throws(SparrowError) -> TensorEntry {
    let field = "tensor " + name.quoted
    func malformed(_ found: String, _ expected: String) -> SparrowError {
      SparrowError(.malformed, file: file, field: field, found: found, expected: expected)
    }
    func member(_ key: String) throws(SparrowError) -> JSON {
      let found = (value.members ?? []).filter { $0.key == key }
      guard found.count == 1 else {
        throw malformed("\(found.count) values of '\(key)'", "one")
      }
      return found[0].value
    }
    guard let typeName = try member("dtype").string else {
      throw malformed("a dtype that is no string", "a string")
    }
    let type = try SafetensorsType.elementType(typeName, file: file, field: field)
    guard let dimensions = try member("shape").array, dimensions.count <= maximumDimensions else {
      throw malformed("no list of dimensions", "at most \(maximumDimensions) dimensions")
    }
    var shape: [Int] = []
    for dimension in dimensions {
      guard case .integer(let size) = dimension, size >= 0, size <= Layout.maximumDimension else {
        throw malformed(
          "a dimension of \(dimension.text().prefix(40))", "0 to \(Layout.maximumDimension)")
      }
      shape.append(size)
    }
    guard let offsets = try member("data_offsets").array, offsets.count == 2,
      case .integer(let begin) = offsets[0], case .integer(let end) = offsets[1]
    else { throw malformed("no pair of data_offsets", "[begin, end]") }
    guard begin >= 0, begin <= end, end <= data.count else {
      throw malformed(
        "data_offsets [\(begin), \(end)]",
        "a range inside \(data.count) bytes; is the file complete?")
    }
    let bytes = try Layout.byteCount(type, shape: shape, file: file, field: field)
    guard end - begin == bytes else {
      throw malformed("\(end - begin) bytes", "\(bytes) for \(typeName) of shape \(shape)")
    }
    return TensorEntry(
      name: name, type: type, shape: shape, file: fileIndex, offset: data.lowerBound + begin,
      byteCount: bytes)
  }
}
