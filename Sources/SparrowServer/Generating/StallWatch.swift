import SparrowCore
import Synchronization

/// How long a client has let an answer wait.
final class StallWatch: Sendable {
  private let since = Mutex<Double?>(nil)

  /// Something is offered to the client.
  func begin() { since.withLock { $0 = monotonicSeconds() } }

  /// The client has taken it.
  func end() { since.withLock { $0 = nil } }

  /// Seconds since what the client has not taken yet was offered; 0 where there is nothing.
  var seconds: Double { since.withLock { $0 }.map { monotonicSeconds() - $0 } ?? 0 }
}
