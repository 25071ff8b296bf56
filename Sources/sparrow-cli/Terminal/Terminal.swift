import CSparrowSystem
import SparrowCore
import Synchronization

/// Standard output and standard error, unbuffered: a streamed token shows at once.
enum Terminal {
  /// Whether signs and colours on standard output are for a person to see.
  static var isPretty: Bool {
    ss_terminal_columns(1) > 0 && getenv("NO_COLOR") == nil
      && getenv("TERM").map { String(cString: $0) } ?? "dumb" != "dumb"
  }

  /// Why standard output took no more; the program has one main thread, and only that writes.
  private nonisolated(unsafe) static var failure: SparrowError?

  /// Whether standard output has failed: who writes a long result may stop.
  static var isBroken: Bool { failure != nil }

  /// Writes to standard output; a failure is kept for `finish`.
  static func write(_ text: String) {
    guard failure == nil else { return }
    failure = write(text, to: 1)
  }

  /// Throws `.system` once standard output has failed.
  static func check() throws(SparrowError) {
    if let failure { throw failure }
  }

  /// Throws `.system` unless all that was written to standard output has arrived.
  static func finish() throws(SparrowError) {
    try check()
    // Some file systems tell of a full disk only here.
    guard close(1) == 0 || ss_errno() == EBADF || ss_errno() == EINTR else { throw refusal() }
  }

  /// Writes to standard error.
  static func note(_ text: String) { _ = write(text, to: 2) }

  /// Writes one line to standard error, after the program's name.
  static func complain(_ message: String) {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    note("sparrow: " + line + "\n")
  }

  /// Writes a line of warning to standard error, once however often it is said.
  static func warn(_ message: String) {
    guard warned.withLock({ $0.insert(message).inserted }) else { return }
    complain("warning: " + message)
  }

  private static let warned = Mutex<Set<String>>([])

  /// Gives up when the user does; that is told elsewhere.
  private static func write(_ text: String, to descriptor: Int32) -> SparrowError? {
    var text = text
    return text.withUTF8 { bytes in
      var at = 0
      while at < bytes.count {
        let count = CSparrowSystem.write(descriptor, bytes.baseAddress! + at, bytes.count - at)
        at += max(0, count)
        guard count < 0 else { continue }
        let error = ss_errno()
        if error == EAGAIN { _ = ss_await(descriptor, Int16(POLLOUT), -1) }
        guard error == EINTR || error == EAGAIN else { return refusal() }
        if Interrupt.isRequested { return nil }
      }
      return nil
    }
  }

  private static func refusal() -> SparrowError {
    SparrowError(.system, file: "standard output", found: systemMessage(ss_errno()))
  }
}
