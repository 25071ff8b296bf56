/// Memory at fixed addresses, aligned to cache lines, that lives as long as its owner.
final class Scratch {
  private var allocations: [UnsafeMutableRawPointer] = []

  deinit { allocations.forEach { $0.deallocate() } }

  /// Zeroed bytes.
  func bytes(_ count: Int) -> UnsafeMutableRawPointer {
    let size = (max(count, 1) + 63) & ~63
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    allocations.append(memory)
    return memory
  }

  func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    bytes(4 * count).assumingMemoryBound(to: Float.self)
  }

  func copy<T: BitwiseCopyable>(_ values: [T]) -> UnsafePointer<T> {
    let memory = bytes(MemoryLayout<T>.stride * values.count)
    values.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return }
      memory.copyMemory(from: base, byteCount: source.count)
    }
    return UnsafePointer(memory.assumingMemoryBound(to: T.self))
  }
}
