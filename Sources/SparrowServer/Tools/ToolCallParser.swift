/// Finds calls of functions in an answer's text as it comes.
///
/// Whatever does not read as a call stays text: nothing that a model wrote is lost, and nothing
/// that it can write is an error.
struct ToolCallParser: Sendable {
  private enum Place {
    /// Before the first text, where a bare call may begin.
    case start
    case text
    /// After the opening, before the arguments.
    case head
    case arguments
    /// After the arguments, before the end of the closing.
    case tail
  }

  private let opening: [UInt8]
  private let closing: [UInt8]
  private let key: String
  private let names: Set<String>
  private var place: Place
  /// What has not been read yet.
  private var pending: [UInt8] = []
  private var arguments = ArgumentScanner()
  /// Whether nothing but space has come since a call, and that space.
  private var followsCall = false
  private var space: [UInt8] = []

  init(_ format: ToolFormat, _ tools: ToolSet) {
    opening = Array(format.opening.utf8)
    closing = Array(format.closing.utf8)
    key = format.key
    names = tools.areShown ? Set(tools.tools.map(\.name)) : []
    place = opening.isEmpty && !names.isEmpty ? .start : .text
  }

  mutating func take(_ text: String) -> [AnswerPart] {
    if names.isEmpty { return text.isEmpty ? [] : [.text(text)] }
    pending += text.utf8
    var parts: [AnswerPart] = []
    while step(&parts) {}
    return parts
  }

  /// What was held back, when nothing more comes.
  mutating func finish() -> [AnswerPart] {
    defer { pending = [] }
    switch place {
    case .arguments, .tail: return []
    case .head: return text(opening + pending)
    case .start, .text: return text(pending)
    }
  }

  /// A part of text. Space after a call waits for what follows it: it is none where that is another
  /// call or the end, however the pieces come.
  private mutating func text(_ bytes: some Collection<UInt8>) -> [AnswerPart] {
    if followsCall && bytes.allSatisfy({ $0 <= 32 }) {
      space += bytes
      return []
    }
    defer { (followsCall, space) = (false, []) }
    return bytes.isEmpty ? [] : [.text(String(decoding: space + bytes, as: UTF8.self))]
  }

  /// Reads some of what is pending; false when more has to come first.
  private mutating func step(_ parts: inout [AnswerPart]) -> Bool {
    switch place {
    case .start: return readStart()
    case .text: return readText(&parts)
    case .head: return readHead(&parts)
    case .arguments: return readArguments(&parts)
    case .tail: return readTail()
    }
  }

  private mutating func readStart() -> Bool {
    guard let first = pending.first(where: { $0 > 32 }) else { return false }
    place = first == UInt8(ascii: "{") ? .head : .text
    return true
  }

  private mutating func readText(_ parts: inout [AnswerPart]) -> Bool {
    let end = opening.isEmpty ? pending.count : placeOfOpening()
    parts += text(pending[..<end])
    pending.removeFirst(end)
    guard !opening.isEmpty, pending.starts(with: opening) else { return false }
    pending.removeFirst(opening.count)
    place = .head
    return true
  }

  /// Where the opening begins, or may begin at the end.
  private func placeOfOpening() -> Int {
    pending.indices.first { index in
      zip(pending[index...], opening).allSatisfy { $0 == $1 }
    } ?? pending.count
  }

  private mutating func readHead(_ parts: inout [AnswerPart]) -> Bool {
    switch ToolCallHead(pending, key: key) {
    case .open: return false
    case .call(let name, let start) where names.contains(name):
      parts.append(.call(name: name))
      pending.removeFirst(start)
      (followsCall, space) = (true, [])
      arguments = ArgumentScanner()
      place = .arguments
    default:
      parts += text(opening)
      place = .text
    }
    return true
  }

  private mutating func readArguments(_ parts: inout [AnswerPart]) -> Bool {
    let end = arguments.scan(pending)
    if end > 0 { parts.append(.arguments(String(decoding: pending[..<end], as: UTF8.self))) }
    pending.removeFirst(end)
    if arguments.isAtEnd { place = .tail }
    return arguments.isAtEnd
  }

  /// Steps over the brace that closes the call, and over the closing.
  private mutating func readTail() -> Bool {
    let rest = pending.drop { $0 <= 32 || $0 == UInt8(ascii: "}") }
    if rest.isEmpty { return false }
    if rest.count < closing.count, closing.starts(with: rest) { return false }
    pending = Array(rest.starts(with: closing) ? rest.dropFirst(closing.count) : rest)
    place = .text
    return true
  }
}

/// Finds the end of a JSON object that comes in pieces.
private struct ArgumentScanner {
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private(set) var isAtEnd = false

  /// How many of some bytes are the object's.
  mutating func scan(_ bytes: [UInt8]) -> Int {
    for (index, byte) in bytes.enumerated() {
      if isEscaped {
        isEscaped = false
      } else if isInString {
        isEscaped = byte == UInt8(ascii: "\\")
        isInString = byte != UInt8(ascii: "\"")
      } else {
        take(byte)
      }
      if isAtEnd { return index + 1 }
    }
    return bytes.count
  }

  private mutating func take(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): isInString = true
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      depth -= 1
      isAtEnd = depth == 0
    default: break
    }
  }
}
