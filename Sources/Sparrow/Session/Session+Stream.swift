import SparrowCore
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

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
      runOnThread {
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
    }
  }
}

/// A flag that one thread sets and another reads.
private final class CancellationFlag: Sendable {
  private let flag = Atomic(false)
  func set() { flag.store(true, ordering: .relaxed) }
  var isSet: Bool { flag.load(ordering: .relaxed) }
}

private final class ThreadBody {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Runs `body` on a new thread; on this one when none can be started.
private func runOnThread(_ body: @escaping @Sendable () -> Void) {
  let argument = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
  #if canImport(Darwin)
    var thread: pthread_t?
    let status = pthread_create(&thread, nil, { runThreadBody($0) }, argument)
    if status == 0, let thread { pthread_detach(thread) }
  #else
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, { runThreadBody($0!) }, argument)
    if status == 0 { pthread_detach(thread) }
  #endif
  if status != 0 { _ = runThreadBody(argument) }
}

private func runThreadBody(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().body()
  return nil
}
