/// Python's operations on strings, by bytes and Unicode scalars: `String`'s own go by canonical equivalence.
enum TemplateText {
  static func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

  /// Order by Unicode scalars, which is that of the bytes.
  static func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  static func contains(_ text: String, _ part: String) -> Bool {
    let part = Array(part.utf8)
    return part.isEmpty || find(part, fallback(part), in: Array(text.utf8), from: 0) != nil
  }

  static func hasPrefix(_ text: String, _ part: String) -> Bool {
    text.utf8.starts(with: part.utf8)
  }

  static func hasSuffix(_ text: String, _ part: String) -> Bool {
    text.utf8.reversed().starts(with: part.utf8.reversed())
  }

  /// The first place of `part`, not empty, at or after `start`; in linear time, whatever the texts (Knuth, Morris and Pratt, 1977).
  private static func find(
    _ part: [UInt8], _ fallback: [Int], in text: [UInt8], from start: Int
  ) -> Int? {
    var length = 0
    for at in start..<text.count {
      while length > 0, text[at] != part[length] { length = fallback[length - 1] }
      if text[at] == part[length] { length += 1 }
      if length == part.count { return at + 1 - length }
    }
    return nil
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

  /// `text` cut at `separator`, which is not empty, at most `limit` times when that is not negative.
  static func split(_ text: String, at separator: String, limit: Int = -1) -> [String] {
    let (text, separator) = (Array(text.utf8), Array(separator.utf8))
    let fallback = fallback(separator)
    var parts: [String] = []
    var start = 0
    while limit < 0 || parts.count < limit,
      let at = find(separator, fallback, in: text, from: start)
    {
      parts.append(String(decoding: text[start..<at], as: UTF8.self))
      start = at + separator.count
    }
    parts.append(String(decoding: text[start...], as: UTF8.self))
    return parts
  }

  /// `text` cut at runs of white space.
  static func words(_ text: String, limit: Int = -1) -> [String] {
    var words: [String] = []
    let scalars = text.unicodeScalars
    var at = scalars.startIndex
    while true {
      while at < scalars.endIndex, scalars[at].isTemplateSpace { at = scalars.index(after: at) }
      guard at < scalars.endIndex else { return words }
      if limit >= 0, words.count == limit {
        words.append(String(scalars[at...]))
        return words
      }
      let start = at
      while at < scalars.endIndex, !scalars[at].isTemplateSpace { at = scalars.index(after: at) }
      words.append(String(scalars[start..<at]))
    }
  }

  /// `text` without the characters of `set`, or white space, at its start or end.
  static func strip(
    _ text: String, _ set: String?, start: Bool = true, end: Bool = true
  ) -> String {
    let set = set.map { Set($0.unicodeScalars) }
    func isStripped(_ scalar: Unicode.Scalar) -> Bool {
      set?.contains(scalar) ?? scalar.isTemplateSpace
    }
    var rest = text.unicodeScalars[...]
    if start { rest = rest.drop(while: isStripped) }
    while end, let last = rest.last, isStripped(last) { rest.removeLast() }
    return String(rest)
  }

  static func lowercased(_ text: String) -> String {
    var lower = String.UnicodeScalarView()
    let scalars = Array(text.unicodeScalars)
    for index in scalars.indices { lower.append(contentsOf: lowercased(index, scalars)) }
    return String(lower)
  }

  private static func lowercased(
    _ index: Int, _ scalars: [Unicode.Scalar]
  ) -> String.UnicodeScalarView {
    guard scalars[index] == "\u{3A3}" else {
      return scalars[index].properties.lowercaseMapping.unicodeScalars
    }
    return String.UnicodeScalarView([isFinal(index, scalars) ? "\u{3C2}" : "\u{3C3}"])
  }

  /// Unicode's rule for the Greek sigma at a word's end.
  private static func isFinal(_ index: Int, _ scalars: [Unicode.Scalar]) -> Bool {
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true
  }

  static func uppercased(_ text: String) -> String {
    var upper = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      upper.append(contentsOf: scalar.properties.uppercaseMapping.unicodeScalars)
    }
    return String(upper)
  }

  static func titled(_ text: String) -> String {
    var title = String.UnicodeScalarView()
    var follows = false
    let scalars = Array(text.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      title.append(
        contentsOf: follows
          ? lowercased(index, scalars) : scalar.properties.titlecaseMapping.unicodeScalars)
      follows = scalar.properties.isCased
    }
    return String(title)
  }

  /// `text` as HTML, by MarkupSafe's rules.
  static func escaped(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
      case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
      case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
      case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
      case "\"": escaped.append(contentsOf: "&#34;".unicodeScalars)
      default: escaped.append(scalar)
      }
    }
    return String(escaped)
  }

  /// Python's `repr` of a string.
  static func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var out = String.UnicodeScalarView([quote])
    func hexadecimal(_ scalar: Unicode.Scalar, _ letter: String, _ width: Int) -> String {
      let digits = String(scalar.value, radix: 16)
      return "\\" + letter + String(repeating: "0", count: width - digits.utf8.count) + digits
    }
    for scalar in scalars {
      switch scalar {
      case "\\": out.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": out.append(contentsOf: "\\n".unicodeScalars)
      case "\r": out.append(contentsOf: "\\r".unicodeScalars)
      case "\t": out.append(contentsOf: "\\t".unicodeScalars)
      case quote: out.append(contentsOf: ["\\", quote])
      case _ where isPrintable(scalar): out.append(scalar)
      case _ where scalar.value < 0x100:
        out.append(contentsOf: hexadecimal(scalar, "x", 2).unicodeScalars)
      case _ where scalar.value < 0x10000:
        out.append(contentsOf: hexadecimal(scalar, "u", 4).unicodeScalars)
      default: out.append(contentsOf: hexadecimal(scalar, "U", 8).unicodeScalars)
      }
    }
    out.append(quote)
    return String(out)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  /// Python's `repr` of a float, which is Swift's description.
  static func number(_ value: Double) -> String { "\(value)" }
}
