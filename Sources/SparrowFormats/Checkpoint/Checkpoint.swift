public import SparrowCore

/// A model's weights on disk, mapped into memory: a GGUF file or safetensors with their folder.
///
/// Everything read from it stays valid while the checkpoint lives. Opening reads headers only.
public final class Checkpoint: Sendable {
  public enum Kind: Sendable { case gguf, huggingFace }

  /// As given to `open`; of a split file, its first part.
  public let path: String
  public let kind: Kind
  /// In file order, file by file.
  public let tensors: [TensorEntry]
  /// Metadata of a GGUF file; nil for the other kind.
  public let metadata: GGUFMetadata?
  /// `config.json` of a Hugging Face folder; nil where there is none.
  public let config: JSON?
  /// The `__metadata__` of a single safetensors file; empty otherwise.
  public let annotations: [(key: String, value: String)]

  let files: [MappedFile]
  /// The folder of the other Hugging Face files.
  let folder: String?
  private let index: [NameKey: Int]

  /// Throws `.malformed` when two tensors have one name.
  init(
    path: String, kind: Kind, files: [MappedFile], tensors: [TensorEntry],
    metadata: GGUFMetadata? = nil, config: JSON? = nil, folder: String? = nil,
    annotations: [(key: String, value: String)] = []
  ) throws(SparrowError) {
    var index: [NameKey: Int] = [:]
    index.reserveCapacity(tensors.count)
    for (position, tensor) in tensors.enumerated()
    where index.updateValue(position, forKey: NameKey(tensor.name)) != nil {
      throw SparrowError(
        .malformed, file: files[tensor.file].path, field: "tensor " + tensor.name.quoted,
        found: "a second one of this name", expected: "each name once")
    }
    self.path = path
    self.kind = kind
    self.tensors = tensors
    self.metadata = metadata
    self.config = config
    self.annotations = annotations
    self.files = files
    self.folder = folder
    self.index = index
  }

  /// Opens a `.gguf` file (any part of a split one opens all), a Hugging Face folder, or a single
  /// `.safetensors` file.
  ///
  /// Throws `.system` for what cannot be read, `.malformed` for what breaks its format's rules,
  /// `.unsupported` for types and versions that Sparrow does not know.
  public static func open(_ path: String) throws(SparrowError) -> Checkpoint {
    if isFolder(path) == true { return try openFolder(path) }
    let file = try MappedFile(path: path)
    let magic = file.bytes.prefix(4)
    if magic.elementsEqual("GGUF".utf8) { return try openGGUF(path, file) }
    if magic.elementsEqual("FUGG".utf8) {
      throw SparrowError(
        .unsupported, file: path, found: "a big-endian GGUF file", expected: "a little-endian one")
    }
    if path.hasSuffix(".safetensors") { return try openSafetensors(path, file: file) }
    if path.hasSuffix(".gguf") {
      throw SparrowError(
        .malformed, file: path, field: "magic", found: "no GGUF file", expected: "'GGUF'")
    }
    throw SparrowError(
      .unsupported, file: path, found: "neither GGUF nor safetensors",
      expected: "a .gguf file, a .safetensors file or a Hugging Face folder")
  }

  /// The tensor of that name, compared byte by byte.
  public subscript(name: String) -> TensorEntry? { index[NameKey(name)].map { tensors[$0] } }

  /// A tensor's bytes in the map, without a copy; valid while the checkpoint lives, which the
  /// caller must hold (a temporary may go before its bytes are read: `withExtendedLifetime`).
  public func bytes(of entry: TensorEntry) -> UnsafeRawBufferPointer {
    let bytes = files[entry.file].bytes
    precondition(
      entry.offset >= 0 && entry.byteCount >= 0 && entry.offset <= bytes.count
        && entry.byteCount <= bytes.count - entry.offset, "an entry of another checkpoint")
    return UnsafeRawBufferPointer(
      rebasing: bytes[entry.offset..<(entry.offset + entry.byteCount)])
  }

  /// Starts reading a tensor's pages, so that they are there when they are touched.
  package func readAhead(_ entry: TensorEntry) {
    files[entry.file].readAhead(entry.offset..<(entry.offset + entry.byteCount))
  }

  /// Gives a tensor's resident pages back, once it is packed; they are read again when touched.
  public func release(_ entry: TensorEntry) {
    files[entry.file].release(entry.offset..<(entry.offset + entry.byteCount))
  }

  /// Gives the resident pages of part of a tensor back, `bytes` counted from its start.
  public func release(_ entry: TensorEntry, bytes: Range<Int>) {
    files[entry.file].release(entry.offset + bytes.lowerBound..<entry.offset + bytes.upperBound)
  }

  /// Gives all resident pages back, those of metadata too.
  public func releaseAll() { files.forEach { $0.release(0..<$0.bytes.count) } }

  /// Bytes of all weight files.
  public var byteCount: Int { files.reduce(0) { $0 + $1.bytes.count } }
}
