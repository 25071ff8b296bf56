internal import SparrowBlocks
internal import SparrowCore

/// Reads a GGUF header (version 2 or 3, little endian): metadata and where the tensors lie.
///
/// Nothing is believed: each count, length and offset is checked against the file before it is
/// used. Touches the header only, not the tensors.
struct GGUFParser {
  /// Longer keys and names than these are no names (the format's own limits are 65,535 and 64).
  static let maximumKey = 65_535
  static let maximumName = 1_024
  static let maximumDimensions = 4
  /// Arrays in arrays: the parser recurses.
  static let maximumDepth = 4
  static let maximumNested = 65_536
  static let maximumAlignment = 1 << 16

  let source: MappedFile
  /// Index of the file in its checkpoint.
  let fileIndex: Int
  var cursor: ByteCursor
  private var nested = 0

  private init(_ source: MappedFile, fileIndex: Int) {
    self.source = source
    self.fileIndex = fileIndex
    cursor = ByteCursor(source)
  }

  static func parse(
    _ source: MappedFile, fileIndex: Int = 0
  ) throws(SparrowError) -> (metadata: GGUFMetadata, tensors: [TensorEntry]) {
    var parser = GGUFParser(source, fileIndex: fileIndex)
    return try parser.parse()
  }

  private mutating func parse() throws(SparrowError) -> (
    metadata: GGUFMetadata, tensors: [TensorEntry]
  ) {
    let magic: UInt32 = try cursor.integer("magic")
    guard magic == 0x4655_4747 else {
      throw cursor.error("magic", found: "0x" + String(magic, radix: 16), expected: "'GGUF'")
    }
    let version: UInt32 = try cursor.integer("version")
    guard version == 2 || version == 3 else {
      if (1...3).contains(version.byteSwapped) {
        throw cursor.error(
          "version", found: "a big-endian file", expected: "a little-endian one", .unsupported)
      }
      throw cursor.error("version", found: "\(version)", expected: "2 or 3", .unsupported)
    }
    // The shortest tensor record has a name of one byte and no dimensions, the shortest key one
    // byte.
    let tensorCount = try cursor.count("tensor count", ofAtLeast: 8 + 1 + 4 + 4 + 8)
    let keyCount = try cursor.count("metadata count", ofAtLeast: 8 + 1 + 4 + 1)
    let metadata = try self.metadata(count: keyCount)
    return (metadata, try tensors(count: tensorCount, metadata: metadata))
  }

  // MARK: Metadata

  private mutating func metadata(count: Int) throws(SparrowError) -> GGUFMetadata {
    var entries: [(key: String, value: GGUFValue)] = []
    var ranges: [Range<Int>] = []
    var index: [NameKey: Int] = [:]
    for number in 0..<count {
      let start = cursor.at
      let key = try name("metadata key \(number)", limit: Self.maximumKey)
      guard index.updateValue(number, forKey: NameKey(key)) == nil else {
        throw cursor.error(key.quoted, found: "a second value", expected: "each key once")
      }
      let type = try valueType(key)
      entries.append((key, try value(type, key: key, depth: 0)))
      ranges.append(start..<cursor.at)
    }
    return GGUFMetadata(file: source.path, entries: entries, ranges: ranges, index: index)
  }

  private mutating func name(_ field: String, limit: Int) throws(SparrowError) -> String {
    let name = try cursor.string(field, limit: limit)
    guard !name.isEmpty, !name.hasControlCharacter else {
      throw cursor.error(
        field, found: name.isEmpty ? "an empty name" : "a control character",
        expected: "a printable name")
    }
    return name
  }

  private mutating func valueType(_ key: String) throws(SparrowError) -> GGUFValueType {
    let number: UInt32 = try cursor.integer(key.quoted + ": type")
    guard let type = GGUFValueType(rawValue: number) else {
      throw cursor.error(
        key.quoted, found: "unknown value type \(number)", expected: "a type from 0 to 12")
    }
    return type
  }

  private mutating func value(
    _ type: GGUFValueType, key: String, depth: Int
  ) throws(SparrowError) -> GGUFValue {
    switch type {
    case .uint8: return .integer(Int(try cursor.integer(key.quoted, as: UInt8.self)))
    case .int8: return .integer(Int(try cursor.integer(key.quoted, as: Int8.self)))
    case .uint16: return .integer(Int(try cursor.integer(key.quoted, as: UInt16.self)))
    case .int16: return .integer(Int(try cursor.integer(key.quoted, as: Int16.self)))
    case .uint32: return .integer(Int(try cursor.integer(key.quoted, as: UInt32.self)))
    case .int32: return .integer(Int(try cursor.integer(key.quoted, as: Int32.self)))
    case .int64: return .integer(Int(try cursor.integer(key.quoted, as: Int64.self)))
    case .uint64:
      let value = try cursor.integer(key.quoted, as: UInt64.self)
      return Int(exactly: value).map { .integer($0) } ?? .large(value)
    case .float32:
      return .number(Double(Float(bitPattern: try cursor.integer(key.quoted))))
    case .float64: return .number(Double(bitPattern: try cursor.integer(key.quoted)))
    case .bool:
      let byte: UInt8 = try cursor.integer(key.quoted)
      try checkBool(byte, key: key)
      return .bool(byte == 1)
    case .string: return .string(try cursor.string(key.quoted))
    case .array: return try array(key: key, depth: depth + 1)
    }
  }

  private func checkBool(_ byte: UInt8, key: String) throws(SparrowError) {
    guard byte < 2 else {
      throw cursor.error(key.quoted, found: "a boolean of value \(byte)", expected: "0 or 1")
    }
  }

  private mutating func array(key: String, depth: Int) throws(SparrowError) -> GGUFValue {
    guard depth <= Self.maximumDepth else {
      throw cursor.error(
        key.quoted, found: "deeper nesting", expected: "at most \(Self.maximumDepth) levels")
    }
    let type = try valueType(key)
    switch type {
    case .string: return .strings(try strings(key: key))
    case .array:
      let count = try cursor.count(key.quoted, ofAtLeast: 4 + 8)
      nested += count
      guard nested <= Self.maximumNested else {
        throw cursor.error(
          key.quoted, found: "\(nested) arrays in arrays",
          expected: "at most \(Self.maximumNested)")
      }
      var arrays: [GGUFValue] = []
      for _ in 0..<count { arrays.append(try array(key: key, depth: depth + 1)) }
      return .arrays(arrays)
    default:
      let size = type.size ?? 1
      let count: UInt64 = try cursor.integer(key.quoted + ": count")
      let range = try cursor.range(key.quoted, count: count, of: size)
      if type == .bool {
        for byte in source.bytes[range] { try checkBool(byte, key: key) }
      }
      return .numbers(
        GGUFNumbers(
          file: source, start: range.lowerBound, type: type, count: range.count / size))
    }
  }

  private mutating func strings(key: String) throws(SparrowError) -> GGUFStrings {
    let count = try cursor.count(key.quoted, ofAtLeast: 8)
    let start = cursor.at
    var offsets: [UInt32] = []
    offsets.reserveCapacity(count)
    for index in 0..<count {
      guard let offset = UInt32(exactly: cursor.at - start) else {
        throw cursor.error(
          key.quoted, found: "strings of over 4 GiB", expected: "at most 4 GiB", .unsupported)
      }
      offsets.append(offset)
      let length: UInt64 = try cursor.integer("\(key.quoted)[\(index)]: length")
      _ = try cursor.range("\(key.quoted)[\(index)]", count: length)
    }
    return GGUFStrings(file: source, start: start, offsets: offsets)
  }

  // MARK: Tensors

  private struct Record {
    let name: String
    let type: ElementType
    let shape: [Int]
    let offset: UInt64
    let byteCount: Int
  }

  private mutating func tensors(
    count: Int, metadata: GGUFMetadata
  ) throws(SparrowError) -> [TensorEntry] {
    let alignment = try metadata.int("general.alignment", default: 32)
    guard alignment > 0, alignment <= Self.maximumAlignment, alignment & (alignment - 1) == 0,
      alignment % 8 == 0
    else {
      throw cursor.error(
        "general.alignment", found: "\(alignment)",
        expected: "a power of two from 8 to \(Self.maximumAlignment)")
    }
    var names: Set<NameKey> = []
    var records: [Record] = []
    for number in 0..<count {
      let record = try record(number, alignment: alignment)
      guard names.insert(NameKey(record.name)).inserted else {
        throw cursor.error(
          "tensor " + record.name.quoted, found: "a second one of this name",
          expected: "each name once")
      }
      records.append(record)
    }
    // Cannot overflow: a mapped file is far smaller than 2^62 bytes.
    let dataStart = (cursor.at + alignment - 1) / alignment * alignment
    let dataCount = max(0, source.bytes.count - dataStart)
    var entries: [TensorEntry] = []
    entries.reserveCapacity(records.count)
    for record in records {
      guard record.offset <= UInt64(dataCount), record.byteCount <= dataCount - Int(record.offset)
      else {
        throw SparrowError(
          .malformed, file: source.path, field: "tensor " + record.name.quoted,
          found: "\(record.byteCount) bytes at \(record.offset) of \(dataCount) bytes of data",
          expected: "a tensor inside the file; is the file complete?")
      }
      entries.append(
        TensorEntry(
          name: record.name, type: record.type, shape: record.shape, file: fileIndex,
          offset: dataStart + Int(record.offset), byteCount: record.byteCount))
    }
    try Layout.refuseOverlap(entries, file: source.path)
    return entries
  }

  private mutating func record(_ number: Int, alignment: Int) throws(SparrowError) -> Record {
    let name = try name("tensor name \(number)", limit: Self.maximumName)
    let field = "tensor " + name.quoted
    let dimensions: UInt32 = try cursor.integer(field + ": dimensions")
    guard dimensions <= Self.maximumDimensions else {
      throw cursor.error(
        field, found: "\(dimensions) dimensions", expected: "at most \(Self.maximumDimensions)")
    }
    var shape: [Int] = []
    for _ in 0..<dimensions {
      let dimension: UInt64 = try cursor.integer(field + ": shape")
      guard dimension > 0, dimension <= Layout.maximumDimension else {
        throw cursor.error(
          field, found: "a dimension of \(dimension)",
          expected: "1 to \(Layout.maximumDimension)")
      }
      shape.append(Int(dimension))
    }
    shape.reverse()
    let number: UInt32 = try cursor.integer(field + ": type")
    let type = try GGUFTensorType.elementType(number, file: source.path, tensor: name)
    let offset: UInt64 = try cursor.integer(field + ": offset")
    guard offset % UInt64(alignment) == 0 else {
      throw cursor.error(field, found: "offset \(offset)", expected: "a multiple of \(alignment)")
    }
    let bytes = try Layout.byteCount(type, shape: shape, file: source.path, field: field)
    return Record(name: name, type: type, shape: shape, offset: offset, byteCount: bytes)
  }
}
