/// A piece of Swift source.
enum SwiftWord: Equatable {
  case name(String)
  /// A literal's text as it stands in the source, for those without interpolations.
  case string(String)
  case sign(Character)

  /// The words of a source in order; comments are left out, and of strings with interpolations all
  /// but those.
  static func words(_ source: [UInt8]) -> [SwiftWord] {
    source.withUnsafeBufferPointer { bytes in
      var reader = SwiftReader(bytes: bytes)
      reader.read(until: nil)
      return reader.words
    }
  }
}

/// Cuts a source into words. Regular expression literals and operators of letters are not known.
private struct SwiftReader {
  let bytes: UnsafeBufferPointer<UInt8>
  var at = 0
  var words: [SwiftWord] = []

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private func has(_ text: StaticString, at place: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard place + count <= bytes.count else { return false }
    return (0..<count).allSatisfy { bytes[place + $0] == text.utf8Start[$0] }
  }

  /// Reads to the end, or past the parenthesis that closes an interpolation.
  mutating func read(until close: UInt8?) {
    var depth = 0
    while at < bytes.count {
      let byte = bytes[at]
      if has("//", at: at) {
        while at < bytes.count, bytes[at] != 10 { at += 1 }
      } else if has("/*", at: at) {
        while at < bytes.count, !has("*/", at: at) { at += 1 }
        at += 2
      } else if let hashes = hashesOfString() {
        readString(hashes)
      } else if Self.isName(byte) {
        let start = at
        while at < bytes.count, Self.isName(bytes[at]) { at += 1 }
        words.append(.name(text(start..<at)))
      } else {
        at += 1
        if byte == close, depth == 0 { return }
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")") { depth -= 1 }
        if byte > 32, byte < 0x80 { words.append(.sign(Character(Unicode.Scalar(byte)))) }
      }
    }
  }

  /// How many hashes stand before the quotation mark that begins here; nil for no string.
  private func hashesOfString() -> Int? {
    var end = at
    while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
    return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - at : nil
  }

  private mutating func readString(_ hashes: Int) {
    at += hashes
    let quotes = has("\"\"\"", at: at) ? 3 : 1
    at += quotes
    let start = at
    var isPlain = true
    while at < bytes.count {
      if isRun(UInt8(ascii: "\""), quotes, at: at), isRun(35, hashes, at: at + quotes) { break }
      guard bytes[at] == UInt8(ascii: "\\"), isRun(35, hashes, at: at + 1) else {
        at += 1
        continue
      }
      at += hashes + 2
      if bytes[at - 1] == UInt8(ascii: "(") {
        isPlain = false
        read(until: UInt8(ascii: ")"))
      }
    }
    if isPlain { words.append(.string(text(start..<min(at, bytes.count)))) }
    at += quotes + hashes
  }

  private func isRun(_ byte: UInt8, _ count: Int, at place: Int) -> Bool {
    place + count <= bytes.count && (0..<count).allSatisfy { bytes[place + $0] == byte }
  }

  private static func isName(_ byte: UInt8) -> Bool {
    byte >= 0x80 || byte == UInt8(ascii: "_") || (48...57).contains(byte)
      || (65...90).contains(byte & 0xDF)
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}
