import SparrowEngine

/// Where a sequence's pages lie, and what its skipped heads still lack.
final class CacheMemory: SequenceMemory {
  /// As kernels read it: position p lies in page p / 64.
  let pages: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// nil before the first sparse step.
  var deferred: DeferredKeys?

  /// Room for so many pages.
  init(pages count: Int) {
    pages = .allocate(capacity: count)
    pages.initialize(repeating: nil, count: count)
  }

  deinit { pages.deallocate() }

  func put(_ page: CachePage, at index: Int) {
    guard let memory = page.pool.memory as? MappedPages else {
      preconditionFailure("a page of another backend")
    }
    pages[index] = memory.address(page.place)
  }

  func adopt(_ count: Int) { deferred?.fill(to: count) }

  func truncate(to count: Int) { deferred?.truncate(to: count) }
}

extension SequenceState {
  /// The memory of a sequence that this backend made.
  var cache: CacheMemory {
    guard let cache = memory as? CacheMemory else {
      preconditionFailure("a sequence of another backend")
    }
    return cache
  }
}
