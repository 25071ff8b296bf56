internal import CSparrowSystem
import SparrowCore

/// One anonymous map that holds packed weights in the order in which a step reads them.
///
/// One map, because huge pages need long runs and because a step then reads memory forward.
final class WeightArena: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let capacity: Int
  private var used = 0

  /// Throws `.system` when the memory cannot be mapped.
  init(capacity: Int) throws(SparrowError) {
    self.capacity = max(capacity, 1)
    guard let memory = ss_map_memory(self.capacity) else {
      throw SparrowError(.system, found: "no memory for \(capacity) bytes of weights")
    }
    base = memory
    ss_advise_huge(base, self.capacity)
  }

  deinit { munmap(base, capacity) }

  /// The next `bytes`, aligned to a cache line.
  func take(_ bytes: Int) -> UnsafeMutableRawPointer {
    precondition(used + bytes <= capacity, "the arena was sized for less")
    defer { used += Self.aligned(bytes) }
    return base + used
  }

  /// `bytes` rounded up to what `take` consumes.
  static func aligned(_ bytes: Int) -> Int { CacheLine.whole(bytes) }
}
