import SparrowCore

/// Memory that each worker has for itself, on cache lines that no other one writes.
struct PerWorker<Element: BitwiseCopyable>: BitwiseCopyable {
  private let base: UnsafeMutableRawPointer
  private let strideBytes: Int

  /// Zeroed elements, `count` for each worker.
  init(_ count: Int, workers: Int, memory: Scratch) {
    strideBytes = CacheLine.apart(count * MemoryLayout<Element>.stride)
    base = memory.bytes(workers * strideBytes)
  }

  subscript(worker: Worker) -> UnsafeMutablePointer<Element> { self[worker.index] }

  subscript(worker: Int) -> UnsafeMutablePointer<Element> {
    (base + worker * strideBytes).assumingMemoryBound(to: Element.self)
  }
}
