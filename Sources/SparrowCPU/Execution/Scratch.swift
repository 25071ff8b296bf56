internal import CSparrowSystem

/// Zeroed memory at fixed addresses, aligned to cache lines, that lives as long as its owner.
///
/// Large pieces are maps of their own, whose pages become resident when first touched.
final class Scratch {
  private var allocations: [UnsafeMutableRawPointer] = []
  private var maps: [UnsafeMutableRawBufferPointer] = []
  private static let mapBytes = 1 << 16

  deinit {
    allocations.forEach { $0.deallocate() }
    maps.forEach { munmap($0.baseAddress, $0.count) }
  }

  func bytes(_ count: Int) -> UnsafeMutableRawPointer {
    let size = (max(count, 1) + 63) & ~63
    if size >= Self.mapBytes, let memory = ss_map_memory(size) {
      maps.append(UnsafeMutableRawBufferPointer(start: memory, count: size))
      return memory
    }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    allocations.append(memory)
    return memory
  }

  /// A map of its own in huge pages, for weights.
  func hugeBytes(_ count: Int) -> UnsafeMutableRawPointer {
    let memory = bytes(max(count, Self.mapBytes))
    ss_advise_huge(memory, count)
    return memory
  }

  func integers(_ count: Int) -> UnsafeMutablePointer<Int32> {
    bytes(4 * count).assumingMemoryBound(to: Int32.self)
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
