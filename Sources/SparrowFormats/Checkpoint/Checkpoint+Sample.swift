internal import SparrowBlocks
internal import SparrowCore

extension Checkpoint {
  /// Bytes of a tensor that count: its first ones.
  private static let sampleBytes = 4096

  /// A short identity of the weights, 64 hexadecimal digits: SHA-256 over every tensor's name, type
  /// and shape, and its first 4 KiB, in the order of the names.
  ///
  /// It tells files apart that training or requantising made of each other, in a few milliseconds;
  /// `contentHash` tells all apart.
  public func sampleHash() -> String {
    var hash = SHA256()
    for tensor in tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      hash.update(Self.title(tensor.name, tensor.type, tensor.shape, tensor.byteCount))
      let start = bytes(of: tensor).prefix(Self.sampleBytes)
      hash.update(UnsafeRawBufferPointer(rebasing: start))
    }
    return hash.hexDigest()
  }
}
