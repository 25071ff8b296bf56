import CSparrowSystem
import SparrowCore

/// Standard input, or another stream, read so that an interrupt ends every wait.
struct InputStream {
  let name: String
  private let descriptor: Int32
  private var pending: [UInt8] = []
  private var isAtEnd = false

  /// A stream, or a line, that is longer is no text that anyone meant: /dev/zero, yes(1).
  private static let limit = 1 << 28

  init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  static var standard: InputStream { InputStream(descriptor: 0, name: "standard input") }

  /// All that is left. Throws `.cancelled` on an interrupt, `.system` when it cannot be read,
  /// `.argument` when it does not end.
  mutating func readAll() throws(SparrowError) -> [UInt8] {
    while try fill() {}
    defer { pending = [] }
    return pending
  }

  /// The next line without its end, nil behind the last. Throws as `readAll`.
  mutating func nextLine() throws(SparrowError) -> [UInt8]? {
    var searched = 0
    while true {
      if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        var line = Array(pending[..<end])
        pending.removeSubrange(...end)
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
      }
      searched = pending.count
      guard try fill() else { break }
    }
    defer { pending = [] }
    return pending.isEmpty ? nil : pending
  }

  /// Waits for more bytes; false at the end.
  private mutating func fill() throws(SparrowError) -> Bool {
    guard pending.count <= Self.limit else {
      throw SparrowError(
        .argument, file: name, found: "more than \(Quantity.bytes(Self.limit))",
        expected: "less; larger texts are read from files")
    }
    while !isAtEnd {
      try Interrupt.check()
      // A regular file is always ready.
      guard ss_await(descriptor, Int16(POLLIN), -1) == 1 else { continue }
      let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { memory in
        let count = read(descriptor, memory.baseAddress, memory.count)
        if count > 0 { pending.append(contentsOf: memory.prefix(count)) }
        return count
      }
      if count > 0 { return true }
      if count == 0 {
        isAtEnd = true
      } else if ss_errno() != EINTR && ss_errno() != EAGAIN {
        throw SparrowError(.system, file: name, found: systemMessage(ss_errno()))
      }
    }
    return false
  }
}
