import Synchronization

/// Whether the client of a request is still there.
///
/// Its connection's thread tells when it has gone; whoever answers it may send it away.
final class ClientPresence: Sendable {
  private struct State {
    var isGone = false
    var actions: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())
  private let close: @Sendable () -> Void

  /// `close` ends its connection.
  init(close: @escaping @Sendable () -> Void = {}) { self.close = close }

  var isGone: Bool { state.withLock { $0.isGone } }

  /// Does something when the client goes, at once when it has gone.
  func onLeaving(_ action: @escaping @Sendable () -> Void) {
    let isGone = state.withLock { state in
      if !state.isGone { state.actions.append(action) }
      return state.isGone
    }
    if isGone { action() }
  }

  /// Sends the client away.
  func sendAway() {
    close()
    leave()
  }

  /// The client has gone.
  func leave() {
    let actions = state.withLock { state in
      state.isGone = true
      defer { state.actions = [] }
      return state.actions
    }
    for action in actions { action() }
  }
}
