#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// Runs `body` on a new thread, which ends with it: work that would block Swift's cooperative pool.
///
/// Throws `.system` when no thread can be started.
package func runOnOwnThread(_ body: @escaping @Sendable () -> Void) throws(SparrowError) {
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
  guard status == 0 else {
    Unmanaged<ThreadBody>.fromOpaque(argument).release()
    throw SparrowError(.system, field: "threads", found: "a thread could not be started")
  }
}

private final class ThreadBody {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func runThreadBody(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().body()
  return nil
}
