extension TemplateString {
  var lowercased: TemplateString { mapped(Self.lower) }

  var uppercased: TemplateString {
    mapped { $1[$0].properties.uppercaseMapping.unicodeScalars }
  }

  /// Python's `capitalize`.
  var capitalized: TemplateString {
    mapped { index, scalars in
      index == 0
        ? scalars[0].properties.titlecaseMapping.unicodeScalars : Self.lower(index, scalars)
    }
  }

  /// Python's `title`.
  var titled: TemplateString {
    mapped { index, scalars in
      index > 0 && scalars[index - 1].properties.isCased
        ? Self.lower(index, scalars) : scalars[index].properties.titlecaseMapping.unicodeScalars
    }
  }

  /// Jinja's `title`: words begin after white space and some brackets.
  var headlined: TemplateString {
    mapped { index, scalars in
      let before = index > 0 ? scalars[index - 1] : " "
      let isStart = before.isTemplateSpace || "-({[<".unicodeScalars.contains(before)
      return isStart
        ? scalars[index].properties.uppercaseMapping.unicodeScalars : Self.lower(index, scalars)
    }
  }

  var swappedCase: TemplateString {
    mapped { index, scalars in
      scalars[index].properties.isUppercase
        ? Self.lower(index, scalars) : scalars[index].properties.uppercaseMapping.unicodeScalars
    }
  }

  private static func lower(
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

  /// The text as HTML, by MarkupSafe's rules.
  var escaped: TemplateString {
    mapped { index, scalars in
      switch scalars[index] {
      case "&": "&amp;".unicodeScalars
      case "<": "&lt;".unicodeScalars
      case ">": "&gt;".unicodeScalars
      case "'": "&#39;".unicodeScalars
      case "\"": "&#34;".unicodeScalars
      default: .init([scalars[index]])
      }
    }
  }

  /// Python's `repr` of the string.
  var quoted: TemplateString {
    let scalars = text.unicodeScalars
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    let body = mapped { index, scalars in
      let scalar = scalars[index]
      switch scalar {
      case "\\": return "\\\\".unicodeScalars
      case "\n": return "\\n".unicodeScalars
      case "\r": return "\\r".unicodeScalars
      case "\t": return "\\t".unicodeScalars
      case quote: return .init(["\\", quote])
      case _ where TemplateText.isPrintable(scalar): return .init([scalar])
      case _ where scalar.value < 0x100: return Self.hexadecimal(scalar.value, "\\x", 2)
      case _ where scalar.value < 0x10000: return Self.hexadecimal(scalar.value, "\\u", 4)
      default: return Self.hexadecimal(scalar.value, "\\U", 8)
      }
    }
    let mark = TemplateString(String(quote))
    return mark + body + mark
  }

  /// The string in JSON, by Python's `json.dumps`.
  func jsonQuoted(ascii: Bool) -> TemplateString {
    let body = mapped { index, scalars in
      let scalar = scalars[index]
      switch scalar {
      case "\"", "\\": return .init(["\\", scalar])
      case "\n": return "\\n".unicodeScalars
      case "\r": return "\\r".unicodeScalars
      case "\t": return "\\t".unicodeScalars
      case "\u{08}": return "\\b".unicodeScalars
      case "\u{0C}": return "\\f".unicodeScalars
      case _ where scalar.value < 0x20: return Self.hexadecimal(scalar.value, "\\u", 4)
      case _ where ascii && scalar.value > 0x7E:
        var escapes = String.UnicodeScalarView()
        for unit in UTF16.encode(scalar)! {
          escapes.append(contentsOf: Self.hexadecimal(UInt32(unit), "\\u", 4))
        }
        return escapes
      default: return .init([scalar])
      }
    }
    return "\"" + body + "\""
  }

  private static func hexadecimal(
    _ value: UInt32, _ prefix: String, _ width: Int
  ) -> String.UnicodeScalarView {
    let digits = String(value, radix: 16)
    let zeros = String(repeating: "0", count: max(0, width - digits.utf8.count))
    return (prefix + zeros + digits).unicodeScalars
  }

  /// The text in the middle of `width` characters, or at one side of them.
  func padded(
    to width: Int, with fill: TemplateString = " ", left: Bool = true, right: Bool = true
  ) -> TemplateString {
    let width = max(0, width)
    let pad = max(0, width - text.unicodeScalars.count)
    // Python puts the odd space of an odd width on the left.
    let before = left && right ? pad / 2 + (pad & width & 1) : left ? pad : 0
    return .repeating(fill, count: before) + self + .repeating(fill, count: pad - before)
  }
}
