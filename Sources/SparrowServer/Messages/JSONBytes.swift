import SparrowCore

/// JSON written byte by byte: what streams send for each token.
struct JSONBytes {
  var bytes: [UInt8] = []

  /// Writes text as it is.
  mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func raw(_ other: [UInt8]) { bytes.append(contentsOf: other) }

  /// Writes text as it stands between quotation marks.
  mutating func escaped(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x0A: raw("\\n")
      case 0..<0x20: raw("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
  }

  /// Writes a string.
  mutating func string(_ text: String) {
    raw("\"")
    escaped(text)
    raw("\"")
  }

  mutating func value(_ json: JSON) { raw(json.text()) }
}

extension JSON {
  /// A log-probability in as few digits as tell it apart; what is impossible has -9999, since JSON
  /// has no infinity.
  static func logProbability(_ value: Float?) -> JSON {
    guard let value else { return .null }
    return .number(value.isFinite ? Double(value.description) ?? Double(value) : -9999)
  }

  /// A figure that may be unknown.
  static func optional(_ value: Int?) -> JSON { value.map { .integer($0) } ?? .null }
}
