import SparrowCore
import Synchronization

extension Model {
  /// Continues `prompt` in a session of its own, as an asynchronous sequence of pieces of text.
  ///
  /// Kernels run on a thread of their own, never on Swift's cooperative pool. Ending the iteration
  /// or cancelling its task stops the generation after the current token.
  public func stream(
    _ prompt: String, options: GenerationOptions = GenerationOptions(), context: Int? = nil
  ) -> AsyncThrowingStream<String, any Error> {
    AsyncThrowingStream { continuation in
      let cancelled = CancellationFlag()
      continuation.onTermination = { _ in cancelled.set() }
      do throws(SparrowError) {
        try runOnOwnThread {
          do throws(SparrowError) {
            let session = try self.session(context: context)
            try session.generate(prompt, options: options) { text in
              if !text.isEmpty { continuation.yield(text) }
              return !cancelled.isSet
            }
            continuation.finish()
          } catch {
            continuation.finish(throwing: error)
          }
        }
      } catch {
        continuation.finish(throwing: error)
      }
    }
  }
}

/// A flag that one thread sets and another reads.
private final class CancellationFlag: Sendable {
  private let flag = Atomic(false)
  func set() { flag.store(true, ordering: .relaxed) }
  var isSet: Bool { flag.load(ordering: .relaxed) }
}
