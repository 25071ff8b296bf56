package import SparrowBlocks
package import SparrowCore

/// Writes a GGUF file with the metadata of another, byte for byte but for changed values, and
/// tensors of any type.
package struct GGUFWriter {
  private struct Tensor {
    let name: String
    let number: UInt32
    let shape: [Int]
    let byteCount: Int
  }

  private let source: Checkpoint
  private let metadata: GGUFMetadata
  private let alignment: Int
  private var changes: [(key: String, bytes: [UInt8])] = []
  private var tensors: [Tensor] = []

  /// Throws `.unsupported` for a source that is no GGUF file.
  package init(copying source: Checkpoint) throws(SparrowError) {
    guard let metadata = source.metadata else {
      throw SparrowError(
        .unsupported, file: source.path, found: "a Hugging Face folder",
        expected: "a GGUF file, whose metadata the new one takes over; convert the folder first")
    }
    self.source = source
    self.metadata = metadata
    alignment = try metadata.int("general.alignment", default: 32)
  }

  /// Sets a text, in place of the source's.
  package mutating func set(_ key: String, _ text: String) {
    changes.append((key, Self.entry(key, .string) + Self.string(text)))
  }

  /// Sets a number, in place of the source's.
  package mutating func set(_ key: String, _ number: UInt32) {
    changes.append((key, Self.entry(key, .uint32) + Self.little(number)))
  }

  /// Announces the next tensor; `shape` as in `TensorEntry`. Throws `.argument` for a type that
  /// GGUF files do not have or whose blocks the rows do not fill.
  package mutating func announce(
    name: String, type: ElementType, shape: [Int]
  ) throws(SparrowError) {
    guard let number = type.ggmlNumber, (shape.last ?? 1) % type.blockElements == 0,
      let byteCount = type.byteCount(elements: shape.reduce(1, *))
    else {
      throw SparrowError(
        .argument, field: "tensor " + name.quoted, found: "shape \(shape) in \(type)",
        expected: "a type that GGUF has, rows of whole blocks")
    }
    tensors.append(Tensor(name: name, number: number, shape: shape, byteCount: byteCount))
  }

  /// Writes the file atomically, asking for the tensors' bytes one at a time in the announced
  /// order.
  ///
  /// Throws `.system` when the folder cannot be written or the disk is full, `.argument` for
  /// another count of bytes than announced, and what `bytes` throws.
  package func write(
    to path: String, bytes: (_ name: String) throws(SparrowError) -> [UInt8]
  ) throws(SparrowError) {
    var file = try AtomicFile(path: path)
    let header = header()
    try file.write(header + padding(header.count))
    for tensor in tensors {
      let content = try bytes(tensor.name)
      guard content.count == tensor.byteCount else {
        throw SparrowError(
          .argument, file: path, field: "tensor " + tensor.name.quoted,
          found: "\(content.count) bytes", expected: "\(tensor.byteCount)")
      }
      try file.write(content)
      try file.write(padding(content.count))
    }
    try file.commit()
  }

  private func header() -> [UInt8] {
    let entries = metadataEntries()
    var out = Array("GGUF".utf8) + Self.little(UInt32(3))
    out += Self.little(UInt64(tensors.count)) + Self.little(UInt64(entries.count))
    for entry in entries { out += entry }
    var offset = 0
    for tensor in tensors {
      out += Self.string(tensor.name) + Self.little(UInt32(tensor.shape.count))
      for dimension in tensor.shape.reversed() { out += Self.little(UInt64(dimension)) }
      out += Self.little(tensor.number) + Self.little(UInt64(offset))
      offset += tensor.byteCount + padding(tensor.byteCount).count
    }
    return out
  }

  /// The source's entries in their order, but for what tells of splitting, then what is new.
  private func metadataEntries() -> [[UInt8]] {
    var left = changes
    var entries: [[UInt8]] = []
    for (key, range) in zip(metadata.keys, metadata.ranges) where !key.hasPrefix("split.") {
      if let index = left.firstIndex(where: { NameKey($0.key) == NameKey(key) }) {
        entries.append(left.remove(at: index).bytes)
      } else {
        entries.append(Array(source.files[0].bytes[range]))
      }
    }
    return entries + left.map(\.bytes)
  }

  private func padding(_ count: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (alignment - count % alignment) % alignment)
  }

  private static func entry(_ key: String, _ type: GGUFValueType) -> [UInt8] {
    string(key) + little(type.rawValue)
  }

  private static func string(_ text: String) -> [UInt8] {
    little(UInt64(text.utf8.count)) + Array(text.utf8)
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
