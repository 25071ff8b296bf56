import Synchronization

/// Whether the client of a request is still there.
final class ClientPresence: Sendable {
  private struct State {
    var isGone = false
    var actions: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  /// Does something when the client goes, at once when it has gone.
  func onLeaving(_ action: @escaping @Sendable () -> Void) {
    let isGone = state.withLock { state in
      if !state.isGone { state.actions.append(action) }
      return state.isGone
    }
    if isGone { action() }
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
