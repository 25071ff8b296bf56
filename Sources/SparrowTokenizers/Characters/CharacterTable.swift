/// The classes of characters that pre-tokenisers tell apart.
enum CharacterClass: UInt8 {
  /// Punctuation, symbols, controls, unassigned.
  case other
  /// `\p{L}`
  case letter
  /// `\p{N}`
  case number
  /// `\s` but for the next.
  case space
  /// `[\r\n]`
  case newline
  /// `\p{M}`
  case mark

  var isSpace: Bool { self == .space || self == .newline }
}

/// The class of every scalar of the Basic Multilingual Plane, 64 KB made at first use.
struct CharacterTable: Sendable {
  static let shared = CharacterTable()

  private let plane: [CharacterClass]

  private init() {
    plane = (0..<0x10000).map { value in
      Unicode.Scalar(UInt32(value)).map(Self.classify) ?? .other
    }
  }

  /// The class and the length in bytes of the character at `index` of valid UTF-8.
  @inline(__always)
  func character(
    _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int
  ) -> (class: CharacterClass, length: Int) {
    let first = Int(bytes[index])
    if first < 0x80 { return (plane[first], 1) }
    if first < 0xE0 { return (plane[(first & 0x1F) << 6 | tail(bytes, index + 1)], 2) }
    if first < 0xF0 {
      let scalar = (first & 0x0F) << 12 | tail(bytes, index + 1) << 6 | tail(bytes, index + 2)
      return (plane[scalar], 3)
    }
    let high = (first & 0x07) << 18 | tail(bytes, index + 1) << 12
    let scalar = high | tail(bytes, index + 2) << 6 | tail(bytes, index + 3)
    return (Unicode.Scalar(UInt32(scalar)).map(Self.classify) ?? .other, 4)
  }

  /// The scalar at `index` of valid UTF-8.
  static func value(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt32 {
    let first = UInt32(bytes[index])
    func tail(_ offset: Int) -> UInt32 {
      index + offset < bytes.count ? UInt32(bytes[index + offset] & 0x3F) : 0
    }
    if first < 0x80 { return first }
    if first < 0xE0 { return (first & 0x1F) << 6 | tail(1) }
    if first < 0xF0 { return (first & 0x0F) << 12 | tail(1) << 6 | tail(2) }
    return (first & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3)
  }

  @inline(__always)
  private func tail(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
    index < bytes.count ? Int(bytes[index] & 0x3F) : 0
  }

  private static func classify(_ scalar: Unicode.Scalar) -> CharacterClass {
    if scalar == "\n" || scalar == "\r" { return .newline }
    if scalar.properties.isWhitespace { return .space }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    case .nonspacingMark, .spacingMark, .enclosingMark: return .mark
    default: return .other
    }
  }
}
