import SparrowCore
import Synchronization

/// How long an answer has waited for its client, and whether its time is over.
final class AnswerClock: Sendable {
  private let offered = Mutex<Double?>(nil)
  private let over = Mutex(false)

  /// Something is offered to the client.
  func begin() { offered.withLock { $0 = monotonicSeconds() } }

  /// The client has taken it.
  func end() { offered.withLock { $0 = nil } }

  /// Seconds since what the client has not taken yet was offered; 0 where there is nothing.
  var waited: Double { offered.withLock { $0 }.map { monotonicSeconds() - $0 } ?? 0 }

  var isOver: Bool { over.withLock { $0 } }

  func ring() { over.withLock { $0 = true } }
}
