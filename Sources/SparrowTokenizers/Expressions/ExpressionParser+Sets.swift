internal import SparrowCore

extension ExpressionParser {
  enum Escaped {
    case scalar(UInt32)
    case set(ScalarSet)
  }

  /// A set in brackets, from its `[` on: characters, ranges, classes, sets in it, and `&&` between.
  mutating func bracket(depth: Int = 0) throws(SparrowError) -> ScalarSet {
    guard depth < 8 else { throw unsupported("its nesting") }
    at += 1
    let isInverted = take("^")
    var parts = [ScalarSet()]
    var isFirst = true
    while true {
      guard let scalar = next else { throw malformed("a set without ']'") }
      if scalar == "]", !isFirst { break }
      if take("&&") {
        parts.append(ScalarSet())
      } else if scalar == "[" {
        guard at + 1 >= scalars.count || scalars[at + 1] != ":" else {
          throw unsupported("a class of POSIX")
        }
        parts[parts.count - 1].others.append(try bracket(depth: depth + 1))
      } else {
        try member(of: &parts[parts.count - 1])
      }
      isFirst = false
    }
    at += 1
    if foldsCase { for index in parts.indices { parts[index].foldCase() } }
    var set = parts[0]
    set.limits = Array(parts.dropFirst())
    set.isInverted = isInverted
    return set
  }

  /// A character, a range of them, or a class.
  private mutating func member(of set: inout ScalarSet) throws(SparrowError) {
    guard case .scalar(let first) = try single(into: &set) else { return }
    guard next == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
      set.insert(first...first)
      return
    }
    at += 1
    guard case .scalar(let last) = try single(into: &set) else {
      // As Oniguruma reads it: the hyphen is itself.
      set.insert(first...first)
      set.insert(0x2D...0x2D)
      return
    }
    guard first <= last else { throw malformed("a range that ends before it begins") }
    set.insert(first...last)
  }

  /// A character; a class is added to the set at once.
  private mutating func single(into set: inout ScalarSet) throws(SparrowError) -> Escaped {
    guard let scalar = next else { throw malformed("a set without ']'") }
    guard scalar == "\\" else {
      at += 1
      return .scalar(scalar.value)
    }
    if at + 1 < scalars.count, scalars[at + 1] == "b" {
      at += 2
      return .scalar(8)
    }
    let escaped = try escaped()
    if case .set(let other) = escaped { set.others.append(other) }
    return escaped
  }

  /// An escape that stands for a character or a class of them.
  mutating func escaped() throws(SparrowError) -> Escaped {
    at += 1
    guard let scalar = next else { throw malformed("a backslash at its end") }
    at += 1
    switch scalar {
    case "n": return .scalar(10)
    case "r": return .scalar(13)
    case "t": return .scalar(9)
    case "f": return .scalar(12)
    case "v": return .scalar(11)
    case "a": return .scalar(7)
    case "e": return .scalar(27)
    case "0": return .scalar(0)
    case "x", "u": return .scalar(try hexadecimal(scalar))
    case "s", "S", "d", "D", "w", "W", "h", "H": return .set(shorthand(scalar))
    case "p", "P": return .set(try property(isInverted: scalar == "P"))
    default:
      let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
      guard !isLetter, !("1"..."9").contains(scalar) else {
        throw unsupported("'\\\(scalar)'")
      }
      return .scalar(scalar.value)
    }
  }

  private func shorthand(_ letter: Unicode.Scalar) -> ScalarSet {
    var set = ScalarSet()
    switch letter {
    case "s", "S": set.hasSpaces = true
    case "d", "D": set.categories = CategoryTable.mask(named: "Nd")!
    case "w", "W": set.hasWords = true
    default: for range: ClosedRange<UInt32> in [48...57, 65...70, 97...102] { set.insert(range) }
    }
    set.isInverted = letter.properties.isUppercase
    return set
  }

  private mutating func hexadecimal(_ letter: Unicode.Scalar) throws(SparrowError) -> UInt32 {
    var digits = ""
    if letter == "x", take("{") {
      while let scalar = next, scalar != "}" {
        digits.unicodeScalars.append(scalar)
        at += 1
      }
      guard take("}") else { throw malformed("'\\x{' without '}'") }
    } else {
      let count = letter == "x" ? 2 : 4
      digits.unicodeScalars.append(contentsOf: scalars[at...].prefix(count))
      at = min(at + count, scalars.count)
    }
    guard digits.utf8.count <= 8, let value = UInt32(digits, radix: 16),
      Unicode.Scalar(value) != nil
    else { throw malformed("'\\\(letter)' without a character's number") }
    return value
  }

  /// `\p{L}`, `\p{^L}` or `\pL`.
  private mutating func property(isInverted: Bool) throws(SparrowError) -> ScalarSet {
    var name = ""
    var isInverted = isInverted
    if take("{") {
      if take("^") { isInverted = !isInverted }
      while let scalar = next, scalar != "}" {
        name.unicodeScalars.append(scalar)
        at += 1
      }
      guard take("}") else { throw malformed("'\\p{' without '}'") }
    } else if let scalar = next {
      name.unicodeScalars.append(scalar)
      at += 1
    }
    var set = ScalarSet()
    if let mask = CategoryTable.mask(named: name) {
      set.categories = mask
    } else if let ranges = Self.scripts[name] {
      for range in ranges { set.insert(range) }
    } else {
      throw unsupported("the property '\(name)'")
    }
    set.isInverted = isInverted
    return set
  }

  /// The scripts that published tokenizers name, by Unicode 16.
  private static let scripts: [String: [ClosedRange<UInt32>]] = [
    "Han": [
      0x2E80...0x2E99, 0x2E9B...0x2EF3, 0x2F00...0x2FD5, 0x3005...0x3005, 0x3007...0x3007,
      0x3021...0x3029, 0x3038...0x303B, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFA6D,
      0xFA70...0xFAD9, 0x16FE2...0x16FE3, 0x16FF0...0x16FF1, 0x20000...0x2A6DF,
      0x2A700...0x2B739, 0x2B740...0x2B81D, 0x2B820...0x2CEA1, 0x2CEB0...0x2EBE0,
      0x2EBF0...0x2EE5D, 0x2F800...0x2FA1D, 0x30000...0x3134A, 0x31350...0x323AF,
    ],
    "Hiragana": [
      0x3041...0x3096, 0x309D...0x309F, 0x1B001...0x1B11F, 0x1B132...0x1B132, 0x1B150...0x1B152,
      0x1F200...0x1F200,
    ],
    "Katakana": [
      0x30A1...0x30FA, 0x30FD...0x30FF, 0x31F0...0x31FF, 0x32D0...0x32FE, 0x3300...0x3357,
      0xFF66...0xFF6F, 0xFF71...0xFF9D, 0x1AFF0...0x1AFF3, 0x1AFF5...0x1AFFB, 0x1AFFD...0x1AFFE,
      0x1B000...0x1B000, 0x1B120...0x1B122, 0x1B155...0x1B155, 0x1B164...0x1B167,
    ],
    "Hangul": [
      0x1100...0x11FF, 0x302E...0x302F, 0x3131...0x318E, 0x3200...0x321E, 0x3260...0x327E,
      0xA960...0xA97C, 0xAC00...0xD7A3, 0xD7B0...0xD7C6, 0xD7CB...0xD7FB, 0xFFA0...0xFFBE,
      0xFFC2...0xFFC7, 0xFFCA...0xFFCF, 0xFFD2...0xFFD7, 0xFFDA...0xFFDC,
    ],
  ]
}
