public import SparrowCore

/// The pieces of one request as they come.
///
/// Ending an iteration, cancelling its task, dropping the stream or `cancel()` ends the request
/// after the current token. A reader that lags makes its own request wait, no other one. Tasks that
/// iterate at once share the pieces: each goes to one of them, the last one too, and all come to
/// the end or to the error.
public struct GenerationStream: AsyncSequence, Sendable {
  public typealias Failure = SparrowError
  private let lifetime: Lifetime

  init(_ mailbox: Mailbox) { lifetime = Lifetime(mailbox) }

  /// Ends the request; the last piece then tells so.
  public func cancel() { lifetime.mailbox.cancel() }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: lifetime) }

  public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
    private let stream: Lifetime
    private let own: Lifetime

    fileprivate init(stream: Lifetime) {
      self.stream = stream
      own = Lifetime(stream.mailbox)
    }

    /// The next piece; nil after the last one, and in a cancelled task.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(SparrowError) -> GenerationPiece? {
      try await own.mailbox.next()
    }

    public mutating func next() async throws(SparrowError) -> GenerationPiece? {
      try await own.mailbox.next()
    }
  }
}

/// Cancels its request when nobody holds it any more.
private final class Lifetime: Sendable {
  let mailbox: Mailbox
  init(_ mailbox: Mailbox) { self.mailbox = mailbox }
  deinit { mailbox.cancel() }
}
