/// Python's operations on strings, by bytes and Unicode scalars: `String`'s own go by canonical
/// equivalence.
enum TemplateText {
  static func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

  /// Order by Unicode scalars, which is that of the bytes.
  static func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  static func contains(_ text: String, _ part: String) -> Bool {
    part.isEmpty || !places(of: part, in: text, limit: 1).isEmpty
  }

  static func hasPrefix(_ text: String, _ part: String) -> Bool {
    text.utf8.starts(with: part.utf8)
  }

  static func hasSuffix(_ text: String, _ part: String) -> Bool {
    text.utf8.reversed().starts(with: part.utf8.reversed())
  }

  /// Byte offsets of `part`, not empty, at most `limit` when that is not negative, from the left,
  /// apart from each other; in linear time, whatever the texts (Knuth, Morris and Pratt, 1977).
  static func places(of part: String, in text: String, limit: Int = -1) -> [Int] {
    places(of: Array(part.utf8), in: Array(text.utf8), limit)
  }

  /// The same from the right.
  static func lastPlaces(of part: String, in text: String, limit: Int = -1) -> [Int] {
    let (text, part) = (Array(text.utf8), Array(part.utf8))
    let found = places(of: part.reversed(), in: text.reversed(), limit)
    return found.reversed().map { text.count - part.count - $0 }
  }

  private static func places(of part: [UInt8], in text: [UInt8], _ limit: Int) -> [Int] {
    let fallback = fallback(part)
    var found: [Int] = []
    var length = 0
    for at in text.indices {
      if limit >= 0, found.count == limit { break }
      while length > 0, text[at] != part[length] { length = fallback[length - 1] }
      if text[at] == part[length] { length += 1 }
      if length == part.count {
        found.append(at + 1 - length)
        length = 0
      }
    }
    return found
  }

  /// For every prefix of `part` the length of its longest proper prefix that is also its end.
  private static func fallback(_ part: [UInt8]) -> [Int] {
    var table = Array(repeating: 0, count: part.count)
    var length = 0
    for at in part.indices.dropFirst() {
      while length > 0, part[at] != part[length] { length = table[length - 1] }
      if part[at] == part[length] { length += 1 }
      table[at] = length
    }
    return table
  }

  /// Whether a scalar stands as itself in Python's `repr`.
  static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  /// Python's `repr` of a float, which but for these three is Swift's description.
  static func number(_ value: Double) -> String { "\(value)" }
}
