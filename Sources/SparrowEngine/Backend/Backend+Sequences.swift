package import SparrowCore
package import SparrowTransformer

extension Backend {
  /// Pages for sequences that have at most `limit` bytes of keys and values together.
  ///
  /// Reserves address space only. Throws `.argument` for a limit below one page, `.system` where
  /// there is none.
  package func pagePool(type: CacheType, limit: Int) throws(SparrowError) -> PagePool {
    let page = PagePool.pageBytes(model, type)
    guard limit >= page else {
      throw SparrowError(
        .argument, field: "cache memory", found: "\(limit) bytes",
        expected: "at least \(page), one page of \(CachePage.positions) positions")
    }
    guard let memory = pageMemory(limit / page, type) else {
      throw SparrowError(
        .system, field: "cache memory", found: "no memory for \(limit) bytes of cache",
        expected: "a smaller limit")
    }
    return PagePool(model, type: type, limit: limit / page, memory: memory)
  }

  /// A new sequence in a pool of this backend. Throws `.argument` for a capacity below 1.
  package func sequence(
    capacity: Int, in pool: PagePool
  ) throws(SparrowError) -> SequenceState {
    try SequenceState(
      model, capacity: capacity, in: pool, memory: sequenceMemory(capacity: capacity, in: pool))
  }

  /// A new sequence with a pool of its own, whose memory follows its length.
  ///
  /// Throws `.argument` for a capacity below 1, `.system` without address space for it.
  package func sequence(
    capacity: Int, type: CacheType = .f16
  ) throws(SparrowError) -> SequenceState {
    try SparrowError.require(capacity, in: 1...Int.max, "context")
    let pages = CachePage.count(for: capacity)
    guard let memory = pageMemory(pages, type) else {
      throw SparrowError(
        .system, field: "context", found: "no memory for a cache of \(capacity) positions",
        expected: "a smaller context")
    }
    let pool = PagePool(model, type: type, limit: pages, memory: memory)
    return try SequenceState(
      model, capacity: capacity, in: pool, ownsPool: true,
      memory: sequenceMemory(capacity: capacity, in: pool))
  }
}
