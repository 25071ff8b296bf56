import SparrowCore
import Synchronization

/// Where the engine's thread leaves what a request gives: one piece that grows until it is taken,
/// by whichever of its readers comes first.
///
/// Waking a reader takes processor time from decoding, so that a reader who waits is woken at once
/// for the first and the last piece only, else sixty times a second.
final class Mailbox: Sendable {
  private struct State {
    var piece = GenerationPiece()
    /// They look again when they are woken: one of them finds the piece.
    var readers: [UnsafeContinuation<Void, Never>] = []
    var isEnded = false
    var error: SparrowError?
    var isCancelled = false
    var lastWake = -Double.infinity
  }

  private let state = Mutex(State())
  /// Rung when the request may go on, or need not.
  private let bell: Bell

  /// Tokens that may lie here before the request has to wait for its reader.
  static let capacity = 128
  /// Seconds from one wake of the reader to the next: screens show no more.
  private static let pace = 1.0 / 60

  init(bell: Bell) { self.bell = bell }

  // MARK: - The engine's side

  /// The reader has gone or wants no more.
  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// The reader lags behind.
  var isFull: Bool { state.withLock { Self.isFull($0) } }

  private static func isFull(_ state: State) -> Bool {
    state.piece.tokens.count >= capacity && !state.isCancelled
  }

  /// Adds to the piece.
  func put(_ add: (inout GenerationPiece) -> Void) {
    let now = monotonicSeconds()
    let readers = state.withLock { state in
      add(&state.piece)
      let mayWait = now - state.lastWake < Self.pace && !Self.isFull(state)
      return mayWait ? [] : Self.wake(&state, now)
    }
    readers.forEach { $0.resume() }
  }

  /// Wakes the reader if there is something to read: before a pause.
  func flush() {
    let readers = state.withLock { state in
      state.piece.isEmpty ? [] : Self.wake(&state, monotonicSeconds())
    }
    readers.forEach { $0.resume() }
  }

  /// Nothing comes after the piece that lies here, which gets the result, or an error.
  func end(_ result: GenerationResult, _ error: SparrowError?) {
    let readers = state.withLock { state in
      (state.isEnded, state.error) = (true, error)
      if error == nil { state.piece.result = result }
      return Self.wake(&state, 0)
    }
    readers.forEach { $0.resume() }
  }

  private static func wake(
    _ state: inout State, _ now: Double
  ) -> [UnsafeContinuation<Void, Never>] {
    guard !state.readers.isEmpty else { return [] }
    defer { (state.readers, state.lastWake) = ([], now) }
    return state.readers
  }

  // MARK: - The reader's side

  func cancel() {
    let readers = state.withLock { state in
      state.isCancelled = true
      return Self.wake(&state, 0)
    }
    readers.forEach { $0.resume() }
    bell.ring()
  }

  /// The next piece; nil after the last one, and in a cancelled task.
  func next() async throws(SparrowError) -> GenerationPiece? {
    while true {
      if Task.isCancelled {
        cancel()
        return nil
      }
      if let taken = try take() { return taken.isEmpty ? nil : taken }
      await withTaskCancellationHandler {
        await withUnsafeContinuation { reader in
          let isReady = state.withLock { state in
            if !state.piece.isEmpty || state.isEnded || Task.isCancelled { return true }
            state.readers.append(reader)
            return false
          }
          if isReady { reader.resume() }
        }
      } onCancel: {
        cancel()
      }
    }
  }

  /// What lies here; an empty piece after the last one, nil while there is none yet.
  private func take() throws(SparrowError) -> GenerationPiece? {
    var wasFull = false
    var error: SparrowError?
    let piece = state.withLock { state -> GenerationPiece? in
      if state.piece.isEmpty {
        error = state.error
        return state.isEnded ? state.piece : nil
      }
      wasFull = Self.isFull(state)
      defer { state.piece = GenerationPiece() }
      return state.piece
    }
    if wasFull { bell.ring() }
    if let error { throw error }
    return piece
  }
}
