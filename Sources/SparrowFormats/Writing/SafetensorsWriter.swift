public import SparrowBlocks
public import SparrowCore

/// Writes a safetensors file, byte for byte as the reference writer lays it out.
///
/// Tensors are put in order of type, by falling element size, then name, so that each is aligned.
public struct SafetensorsWriter: Sendable {
  private struct Tensor {
    let name: String
    let type: ElementType
    let typeName: String
    let shape: [Int]
    let byteCount: Int
    /// nil where `write` asks for them.
    let bytes: [UInt8]?
  }

  private var tensors: [Tensor] = []
  private var names: Set<NameKey> = []
  private var annotations: [(key: String, value: String)] = []

  public init() {}

  /// Adds a string to `__metadata__`; a later value replaces an earlier one.
  public mutating func annotate(_ key: String, _ value: String) {
    annotations.removeAll { NameKey($0.key) == NameKey(key) }
    annotations.append((key, value))
  }

  /// Adds a tensor, row-major and little-endian.
  ///
  /// Throws `.argument` for a name used twice or not printable, for a block format, and where shape
  /// and bytes disagree.
  public mutating func add(
    name: String, type: ElementType, shape: [Int], bytes: [UInt8]
  ) throws(SparrowError) {
    try append(name, type, shape, bytes)
  }

  /// Announces a tensor whose bytes `write` asks for when their turn comes; throws as the other
  /// forms do.
  package mutating func announce(
    name: String, type: ElementType, shape: [Int]
  ) throws(SparrowError) {
    try append(name, type, shape, nil)
  }

  private mutating func append(
    _ name: String, _ type: ElementType, _ shape: [Int], _ bytes: [UInt8]?
  ) throws(SparrowError) {
    func refuse(_ found: String, _ expected: String) -> SparrowError {
      SparrowError(.argument, field: "tensor " + name.quoted, found: found, expected: expected)
    }
    guard !name.isEmpty, !name.hasControlCharacter, name != "__metadata__" else {
      throw refuse("a name that cannot be written", "a printable name")
    }
    guard let typeName = SafetensorsType.name(type) else {
      throw refuse("\(type)", "a type that safetensors has")
    }
    guard shape.allSatisfy({ $0 >= 0 }), shape.count <= SafetensorsHeader.maximumDimensions else {
      throw refuse(
        "shape \(shape)",
        "at most \(SafetensorsHeader.maximumDimensions) dimensions, none negative")
    }
    let expected: Int
    do throws(SparrowError) {
      expected = try Layout.byteCount(type, shape: shape, file: "", field: "")
    } catch { throw refuse(error.found, error.expected) }
    guard bytes.map({ $0.count == expected }) ?? true else {
      throw refuse("\(bytes?.count ?? 0) bytes", "\(expected) for \(typeName) of shape \(shape)")
    }
    guard names.insert(NameKey(name)).inserted else { throw refuse("a second one", "one") }
    tensors.append(
      Tensor(
        name: name, type: type, typeName: typeName, shape: shape, byteCount: expected, bytes: bytes)
    )
  }

  /// Adds a tensor of 32-bit floating-point values; throws as the other form does.
  public mutating func add(name: String, shape: [Int], floats: [Float]) throws(SparrowError) {
    try add(
      name: name, type: .f32, shape: shape, bytes: floats.withUnsafeBytes { Array($0) })
  }

  /// Writes the file atomically: under its name there is the old content or all of the new one.
  ///
  /// Throws `.system` when the folder cannot be written or the disk is full, `.argument` when the
  /// header outgrows the format's limit.
  public func write(to path: String) throws(SparrowError) {
    try write(to: path) { name throws(SparrowError) in preconditionFailure("no bytes of \(name)") }
  }

  /// The same, asking for the bytes of announced tensors one at a time, in file order; throws also
  /// what `bytes` throws, and `.argument` for another count than the announced.
  package func write(
    to path: String, bytes: (_ name: String) throws(SparrowError) -> [UInt8]
  ) throws(SparrowError) {
    let (header, order) = layout()
    guard header.count - 8 <= SafetensorsHeader.maximumBytes else {
      throw SparrowError(
        .argument, file: path, field: "header", found: "\(header.count) bytes",
        expected: "at most \(SafetensorsHeader.maximumBytes)")
    }
    var file = try AtomicFile(path: path)
    try file.write(header)
    for tensor in order {
      let content = try content(of: tensor, bytes)
      guard content.count == tensor.byteCount else {
        throw SparrowError(
          .argument, file: path, field: "tensor " + tensor.name.quoted,
          found: "\(content.count) bytes", expected: "\(tensor.byteCount)")
      }
      try file.write(content)
    }
    try file.commit()
  }

  /// What `Checkpoint.contentHash()` will say of the file, asking for the bytes of announced
  /// tensors one at a time; throws what `bytes` throws.
  package func contentHash(
    bytes: (_ name: String) throws(SparrowError) -> [UInt8]
  ) throws(SparrowError) -> String {
    var hash = SHA256()
    for tensor in tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      hash.update(Checkpoint.title(tensor.name, tensor.type, tensor.shape, tensor.byteCount))
      hash.update(try content(of: tensor, bytes))
    }
    return hash.hexDigest()
  }

  private func content(
    of tensor: Tensor, _ bytes: (_ name: String) throws(SparrowError) -> [UInt8]
  ) throws(SparrowError) -> [UInt8] {
    if let known = tensor.bytes { return known }
    return try bytes(tensor.name)
  }

  /// The whole file in memory; no tensor may be only announced.
  package func fileBytes() -> [UInt8] {
    let (header, order) = layout()
    return header + order.flatMap { $0.bytes! }
  }

  /// The length field with the header, padded to 8 bytes, and the tensors in file order.
  private func layout() -> (header: [UInt8], order: [Tensor]) {
    let order = tensors.sorted {
      $0.type == $1.type
        ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        : SafetensorsType.rank($0.type) < SafetensorsType.rank($1.type)
    }
    var members: [(key: String, value: JSON)] = []
    if !annotations.isEmpty {
      members.append(
        ("__metadata__", .object(annotations.map { (key: $0.key, value: .string($0.value)) })))
    }
    var at = 0
    for tensor in order {
      let end = at + tensor.byteCount
      let entry: JSON = [
        "dtype": .string(tensor.typeName),
        "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(at), .integer(end)],
      ]
      members.append((tensor.name, entry))
      at = end
    }
    var text = Array(JSON.object(members).text().utf8)
    text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
    return (length + text, order)
  }
}
