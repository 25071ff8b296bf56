internal import SparrowBlocks
internal import SparrowCore

extension Checkpoint {
  /// An identity of the weights, 64 hexadecimal digits: SHA-256 over every tensor's name, type,
  /// shape and bytes, in the order of the names.
  ///
  /// How the tensors are split over files, and the metadata, do not count. Reads all weights (1.5
  /// to 2 GB/s once they are in memory) and gives their pages back.
  public func contentHash() -> String {
    var hash = SHA256()
    let order = tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    for tensor in order {
      // The name holds no control characters, so the line says where each part ends.
      hash.update(Self.title(tensor.name, tensor.type, tensor.shape, tensor.byteCount))
      var at = 0
      while at < tensor.byteCount {
        let count = min(1 << 24, tensor.byteCount - at)
        let piece = bytes(of: tensor)[at..<(at + count)]
        hash.update(UnsafeRawBufferPointer(rebasing: piece))
        files[tensor.file].release((tensor.offset + at)..<(tensor.offset + at + count))
        at += count
      }
    }
    return hash.hexDigest()
  }

  /// What stands before a tensor's bytes in the hash.
  static func title(_ name: String, _ type: ElementType, _ shape: [Int], _ bytes: Int) -> String {
    "\(name)\n\(type.rawValue) \(shape) \(bytes)\n"
  }
}
