import CSparrowSystem
import Synchronization

/// Standard output and standard error, unbuffered: a streamed token shows at once.
enum Terminal {
  /// Whether signs and colours on standard output are for a person to see.
  static var isPretty: Bool {
    ss_terminal_columns(1) > 0 && getenv("NO_COLOR") == nil
      && getenv("TERM").map { String(cString: $0) } ?? "dumb" != "dumb"
  }

  /// Writes to standard output.
  static func write(_ text: String) { write(text, to: 1) }

  /// Writes to standard error.
  static func note(_ text: String) { write(text, to: 2) }

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

  private static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var at = 0
      while at < bytes.count {
        let count = CSparrowSystem.write(descriptor, bytes.baseAddress! + at, bytes.count - at)
        if count < 0, ss_errno() != EINTR { return }
        at += max(0, count)
      }
    }
  }
}
