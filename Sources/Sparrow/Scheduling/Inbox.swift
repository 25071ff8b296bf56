import SparrowCore
import Synchronization

/// What a scheduler's users and its engine's thread share.
final class Inbox: Sendable {
  /// How long the thread goes on.
  enum Phase: Int, Comparable {
    /// Takes requests.
    case open
    /// Finishes those that it has.
    case finishing
    /// Ends them.
    case stopping
    /// The thread has ended.
    case stopped

    static func < (a: Phase, b: Phase) -> Bool { a.rawValue < b.rawValue }
  }

  private struct State {
    var phase = Phase.open
    var requests: [ScheduledRequest] = []
    var statistics = SchedulerStatistics()
    var samplesRecall = false
    var stopWaiters: [CheckedContinuation<Void, Never>] = []
  }

  let bell = Bell()
  private let state = Mutex(State())

  var statistics: SchedulerStatistics {
    state.withLock { state in
      var statistics = state.statistics
      statistics.waiting += state.requests.count
      return statistics
    }
  }

  // MARK: - The users' side

  /// Throws `.busy` where `limit` requests wait beside those that `parallel` lets run, `.cancelled`
  /// after `close`.
  func add(
    _ request: ScheduledRequest, limit: Int, parallel: Int
  ) throws(SparrowError) {
    let refusal = state.withLock { state -> SparrowError? in
      guard state.phase == .open else {
        return SparrowError(.cancelled, field: "scheduler", found: "stopped")
      }
      let places = max(parallel - state.statistics.running, 0)
      let waiting = max(state.statistics.waiting + state.requests.count - places, 0)
      guard waiting < limit else {
        return SparrowError(
          .busy, field: "queue", found: "\(waiting) requests that wait",
          expected: "fewer than \(limit): ask again later")
      }
      state.requests.append(request)
      return nil
    }
    if let refusal { throw refusal }
    bell.ring()
  }

  /// Recall is to be sampled from the next step on.
  func sampleRecall() { state.withLock { $0.samplesRecall = true } }

  /// Whether somebody asks for recall.
  var samplesRecall: Bool { state.withLock { $0.samplesRecall } }

  /// Moves on to a later phase.
  func close(_ phase: Phase) {
    state.withLock { $0.phase = max($0.phase, phase) }
    bell.ring()
  }

  /// Returns when the thread has ended.
  func stopped() async {
    await withCheckedContinuation { waiter in
      let isStopped = state.withLock { state in
        if state.phase < .stopped { state.stopWaiters.append(waiter) }
        return state.phase == .stopped
      }
      if isStopped { waiter.resume() }
    }
  }

  // MARK: - The engine's side

  /// Adds the new requests to `waiting`, tells the world how things are, and says how long to go
  /// on.
  func exchange(
    _ waiting: inout [ScheduledRequest], _ statistics: SchedulerStatistics
  ) -> Phase {
    state.withLock { state in
      waiting += state.requests
      state.requests.removeAll(keepingCapacity: true)
      state.statistics = statistics
      // Who has more than its reader takes waits for nobody here.
      state.statistics.waiting = waiting.count { !$0.mailbox.isFull }
      return state.phase
    }
  }

  /// The thread ends.
  func end() {
    let waiters = state.withLock { state in
      state.phase = .stopped
      defer { state.stopWaiters = [] }
      return state.stopWaiters
    }
    waiters.forEach { $0.resume() }
  }
}
