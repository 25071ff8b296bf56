internal import SparrowBlocks
internal import SparrowCore
internal import SparrowFormats

extension Checkpoint {
  /// A tensor's elements. Throws `.malformed` unless it has this type and shape; nil stands for any
  /// size.
  func values<T: BitwiseCopyable>(
    _ name: String, _ type: ElementType, shape: [Int?], as: T.Type
  ) throws(SparrowError) -> [T] {
    guard let entry = self[name] else {
      throw SparrowError(.malformed, file: path, field: name, found: "no such tensor")
    }
    let fits =
      entry.shape.count == shape.count
      && zip(entry.shape, shape).allSatisfy { $1 == nil || $0 == $1 }
    guard entry.type == type, fits else {
      let sizes = shape.map { $0.map { "\($0)" } ?? "any" }
      throw SparrowError(
        .malformed, file: path, field: name, found: "\(entry.type) of shape \(entry.shape)",
        expected: "\(type) of shape [\(sizes.joined(separator: ", "))]")
    }
    let count = entry.byteCount / MemoryLayout<T>.size
    return withExtendedLifetime(self) {
      let bytes = bytes(of: entry)
      return [T](unsafeUninitializedCapacity: count) { target, filled in
        if let from = bytes.baseAddress, let to = target.baseAddress {
          UnsafeMutableRawPointer(to).copyMemory(
            from: from, byteCount: count * MemoryLayout<T>.size)
        }
        filled = count
      }
    }
  }
}
