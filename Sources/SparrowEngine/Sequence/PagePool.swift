package import SparrowTransformer
internal import Synchronization

/// The pages that sequences of one model share, and the limit of their memory.
///
/// Memory of pages that nobody has any more serves the next ones; `releaseFree` gives it back to
/// the system. Safe to use from many threads.
package final class PagePool: Sendable {
  /// Pages at most.
  package let limit: Int
  package let type: CacheType
  /// Bytes of a page.
  package let pageBytes: Int
  package let memory: any PageMemory
  private let places = Mutex(Places())

  package init(_ model: ModelConfiguration, type: CacheType, limit: Int, memory: any PageMemory) {
    self.limit = limit
    self.type = type
    self.memory = memory
    pageBytes = Self.pageBytes(model, type)
  }

  /// Bytes of a page: 64 positions times 2 * heads * width elements of each layer, of 2 or 4 bytes.
  package static func pageBytes(_ model: ModelConfiguration, _ type: CacheType) -> Int {
    CachePage.positions * model.cacheElementsPerToken * type.bytes
  }

  /// Pages that somebody has.
  package var used: Int { places.withLock { $0.used } }

  /// Pages that are left.
  package var free: Int { limit - used }

  /// Gives the memory of pages that nobody has back to the system.
  package func releaseFree() {
    places.withLock { places in
      let free = places.warm.sorted()
      var start = 0
      for index in free.indices
      where index + 1 == free.count || free[index + 1] > free[index] + 1 {
        memory.release(free[start]..<free[index] + 1)
        start = index + 1
      }
      places.cold += free.reversed()
      places.warm.removeAll()
    }
  }

  /// New pages with whatever they held before; nil where fewer are left.
  func take(_ count: Int) -> [CachePage]? {
    places.withLock { places in
      guard count <= limit - places.used else { return nil }
      return (0..<count).map { _ in CachePage(pool: self, place: places.take()) }
    }
  }

  func take(back place: Int) { places.withLock { $0.warm.append(place) } }

  /// Which places of the memory are free.
  private struct Places {
    /// Those whose memory the pool still has.
    var warm: [Int] = []
    /// Those whose memory went back to the system.
    var cold: [Int] = []
    /// Where those begin that were never used.
    var fresh = 0

    var used: Int { fresh - warm.count - cold.count }

    mutating func take() -> Int {
      if let place = warm.popLast() ?? cold.popLast() { return place }
      fresh += 1
      return fresh - 1
    }
  }
}

/// The memory of a pool's pages, as a backend keeps it.
package protocol PageMemory: AnyObject, Sendable {
  /// Copies a page.
  func copy(_ place: Int, to other: Int)
  /// Gives the memory of pages back to the system; what they hold is lost.
  func release(_ places: Range<Int>)
}
