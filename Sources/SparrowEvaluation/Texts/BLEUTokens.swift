/// The tokens that BLEU is counted in: those of NIST's mteval-v13a.
enum BLEUTokens {
  private static let entities = [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")]

  /// Punctuation stands alone, but for a point or comma between digits, an apostrophe, and a hyphen
  /// that no digit comes before.
  static func split(_ text: String) -> [String] {
    var scalars = Array(text.unicodeScalars)
    while scalars.last.map(isSpace) == true { scalars.removeLast() }
    for (old, new) in [("<skipped>", ""), ("-\n", ""), ("\n", " ")] + entities {
      scalars = replacing(scalars, Array(old.unicodeScalars), by: Array(new.unicodeScalars))
    }
    scalars = [" "] + scalars + [" "]
    scalars = scalars.flatMap { standsAlone($0) ? [" ", $0, " "] : [$0] }
    scalars = pairs(scalars, { !isDigit($0) }, isPoint) { [$0, " ", $1, " "] }
    scalars = pairs(scalars, isPoint, { !isDigit($0) }) { [" ", $0, " ", $1] }
    scalars = pairs(scalars, isDigit, { $0 == "-" }) { [$0, " ", $1, " "] }
    return scalars.split(whereSeparator: isSpace).map { token in
      var text = String.UnicodeScalarView()
      text.append(contentsOf: token)
      return String(text)
    }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0"..."9" ~= scalar }
  private static func isPoint(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

  /// White space, and ASCII's four separators of records.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || "\u{1C}"..."\u{1F}" ~= scalar
  }

  /// ASCII's punctuation but for the apostrophe, the comma, the hyphen and the point.
  private static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "'", ",", "-", ".": false
    case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
    default: false
    }
  }

  /// The scalars with each pair changed that does not overlap one before.
  private static func pairs(
    _ scalars: [Unicode.Scalar], _ first: (Unicode.Scalar) -> Bool,
    _ second: (Unicode.Scalar) -> Bool,
    _ change: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var index = 0
    while index < scalars.count {
      if index + 1 < scalars.count, first(scalars[index]), second(scalars[index + 1]) {
        result += change(scalars[index], scalars[index + 1])
        index += 2
      } else {
        result.append(scalars[index])
        index += 1
      }
    }
    return result
  }

  private static func replacing(
    _ scalars: [Unicode.Scalar], _ old: [Unicode.Scalar], by new: [Unicode.Scalar]
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var rest = scalars[...]
    while let first = rest.first {
      if rest.starts(with: old) {
        result += new
        rest = rest.dropFirst(old.count)
      } else {
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    return result
  }
}
