internal import CSparrowSystem
internal import Synchronization

/// What threads ring and one thread sleeps by.
///
/// A ring that comes before the wait is not lost: whoever waits says which ring it has seen last.
package final class Bell: @unchecked Sendable {
  private let rings: UnsafeMutablePointer<Atomic<UInt32>>

  package init() {
    rings = .allocate(capacity: 1)
    rings.initialize(to: Atomic(0))
  }

  deinit {
    rings.deinitialize(count: 1)
    rings.deallocate()
  }

  /// How often it has rung so far.
  package var count: UInt32 { rings.pointee.load(ordering: .acquiring) }

  package func ring() {
    rings.pointee.add(1, ordering: .acquiringAndReleasing)
    ss_wake_all(address)
  }

  /// Returns once it has rung after `count`.
  package func wait(after count: UInt32) {
    while self.count == count { ss_wait(address, count) }
  }

  private var address: UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(rings).assumingMemoryBound(to: UInt32.self)
  }
}
