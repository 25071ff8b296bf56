internal import CSparrowSystem
internal import Synchronization

/// A count of turns that threads wait for: they spin, then yield, then sleep until the next turn.
///
/// Spinning threads see the next turn within 0.1 µs; waking a sleeping one costs 5 to 50 µs. Where
/// a wait is longer than most, whoever is waited for may have no processor: yielding gives it this
/// one, and sleeping lets the system move it here. The lowest bit of the word says that a thread
/// sleeps, so that the next turn is one exchange, and a system call only when somebody has to be
/// woken.
struct Turnstile: @unchecked Sendable {
  private let word: UnsafeMutablePointer<Atomic<UInt32>>

  /// On a word of its own cache line, which must be zero.
  init(_ memory: UnsafeMutableRawPointer) {
    word = memory.bindMemory(to: Atomic<UInt32>.self, capacity: 1)
    word.initialize(to: Atomic(0))
  }

  private static let sleeper: UInt32 = 1

  /// The turn at hand: an even number.
  var turn: UInt32 { word.pointee.load(ordering: .relaxed) & ~Self.sleeper }

  /// Begins the next turn and wakes who sleeps. One thread at a time may do so.
  @inline(__always)
  func advance() {
    let before = word.pointee.exchange(turn &+ 2, ordering: .acquiringAndReleasing)
    if before & Self.sleeper != 0 { ss_wake_all(address) }
  }

  /// Returns once the turn is another than `turn`; sleeps after `patience` nanoseconds. `spin` is
  /// the thread's own.
  @inline(__always)
  func wait(after turn: UInt32, patience: Int64, spin: inout Spin) {
    for _ in 0..<spin.pauses {
      if hasMoved(from: turn) { return spin.lengthen() }
      ss_pause()
    }
    waitLonger(after: turn, patience: patience, spin: &spin)
  }

  @inline(never)
  private func waitLonger(after turn: UInt32, patience: Int64, spin: inout Spin) {
    let start = ss_nanoseconds()
    var now = start
    repeat {
      let before = now
      sched_yield()
      now = ss_nanoseconds()
      spin.note(yielding: now - before)
      if hasMoved(from: turn) { return }
    } while now - start < patience
    while !hasMoved(from: turn) {
      let (exchanged, found) = word.pointee.compareExchange(
        expected: turn, desired: turn | Self.sleeper, ordering: .relaxed)
      // Else the turn has come in between.
      if exchanged || found == turn | Self.sleeper { ss_wait(address, turn | Self.sleeper) }
    }
  }

  @inline(__always)
  private func hasMoved(from turn: UInt32) -> Bool {
    word.pointee.load(ordering: .acquiring) & ~Self.sleeper != turn
  }

  private var address: UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self)
  }
}

/// How long a thread spins before it yields: long while it has its processor to itself, since a
/// yield that changes nothing costs more than most waits, and hardly at all while others want to
/// run there.
struct Spin: BitwiseCopyable {
  private(set) var pauses = most

  private static let most = 1024
  private static let least = 16
  /// A yield that changes nothing takes a tenth of this.
  private static let switchNanoseconds: Int64 = 5000

  /// After a wait that was over while spinning.
  @inline(__always)
  mutating func lengthen() {
    if pauses < Self.most { pauses *= 2 }
  }

  /// After a yield that took so many nanoseconds: a long one let somebody else run.
  mutating func note(yielding nanoseconds: Int64) {
    if nanoseconds > Self.switchNanoseconds { pauses = Self.least }
  }
}
