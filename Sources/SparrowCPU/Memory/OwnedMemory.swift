internal import CSparrowSystem
import SparrowCore

/// Zeroed memory at fixed addresses, aligned to cache lines, that lives as long as its owner.
///
/// Large pieces are maps of their own, whose pages become resident when first touched.
final class OwnedMemory {
  private var allocations: [UnsafeMutableRawPointer] = []
  private var maps: [UnsafeMutableRawBufferPointer] = []
  private static let mapBytes = 1 << 16
  /// What is left of the last map of huge pages.
  private var huge = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private static let hugeMapBytes = 1 << 28

  deinit {
    allocations.forEach { $0.deallocate() }
    maps.forEach { munmap($0.baseAddress, $0.count) }
  }

  func bytes(_ count: Int) -> UnsafeMutableRawPointer {
    let size = CacheLine.whole(max(count, 1))
    if size >= Self.mapBytes, let memory = ss_map_memory(size) {
      maps.append(UnsafeMutableRawBufferPointer(start: memory, count: size))
      return memory
    }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: CacheLine.pairBytes)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    allocations.append(memory)
    return memory
  }

  /// Memory in huge pages, for weights: scattered reads would otherwise wait for page tables.
  ///
  /// Pieces share large maps, since a map must span whole huge pages to get any.
  func hugeBytes(_ count: Int) -> UnsafeMutableRawPointer {
    let size = CacheLine.whole(max(count, 1))
    if size > huge.count {
      let map = max(size, Self.hugeMapBytes)
      guard let memory = ss_map_memory(map) else { return bytes(count) }
      ss_advise_huge(memory, map)
      maps.append(UnsafeMutableRawBufferPointer(start: memory, count: map))
      huge = maps[maps.count - 1]
    }
    defer { huge = UnsafeMutableRawBufferPointer(rebasing: huge[size...]) }
    return huge.baseAddress!
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

/// How memory lies in a processor's cache.
enum CacheLine {
  static let bytes = 64
  /// Lines are fetched in pairs: what two workers write lies at least so far apart.
  static let pairBytes = 128

  /// `count` rounded up to whole lines.
  static func whole(_ count: Int) -> Int { (count + bytes - 1) / bytes * bytes }

  /// `count` rounded up to whole pairs of lines.
  static func apart(_ count: Int) -> Int { (count + pairBytes - 1) / pairBytes * pairBytes }
}

/// Memory that each worker has for itself, on cache lines that no other one writes.
struct PerWorker<Element: BitwiseCopyable>: BitwiseCopyable {
  private let base: UnsafeMutableRawPointer
  private let strideBytes: Int

  /// Zeroed elements, `count` for each worker.
  init(_ count: Int, workers: Int, memory: OwnedMemory) {
    strideBytes = CacheLine.apart(count * MemoryLayout<Element>.stride)
    base = memory.bytes(workers * strideBytes)
  }

  subscript(worker: Worker) -> UnsafeMutablePointer<Element> { self[worker.index] }

  subscript(worker: Int) -> UnsafeMutablePointer<Element> {
    (base + worker * strideBytes).assumingMemoryBound(to: Element.self)
  }
}
