import CSparrowSystem

/// Standard output and standard error, unbuffered: a streamed token shows at once.
enum Terminal {
  /// Writes to standard output.
  static func write(_ text: String) { write(text, to: 1) }

  /// Writes to standard error.
  static func note(_ text: String) { write(text, to: 2) }

  /// Writes one line to standard error, after the program's name.
  static func complain(_ message: String) {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    note("sparrow: " + line + "\n")
  }

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
