internal import SparrowCore

extension TemplateLexer {
  /// One name, number, string or operator inside a tag.
  mutating func lexeme(_ first: Unicode.Scalar) throws(SparrowError) {
    let start = at
    if first.isTemplateLetter {
      while let next = scalar(at), next.isTemplateLetter || next.isTemplateDigit { at += 1 }
      add(.name(string(start..<at)), at: start)
    } else if first.isTemplateDigit {
      try number()
    } else if first == "'" || first == "\"" {
      try text(quote: first)
    } else {
      try symbol(first)
    }
  }

  private func string(_ range: Range<Int>) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: source[range])
    return text
  }

  private mutating func symbol(_ first: Unicode.Scalar) throws(SparrowError) {
    let two: [StaticString] = ["**", "//", "==", "!=", ">=", "<="]
    let width = two.contains { matches($0, at: at) } ? 2 : 1
    guard width == 2 || "+-/*%~[](){}<>=.:|,".unicodeScalars.contains(first) else {
      throw error("the character '\(first)' in a tag", kind: .unsupported)
    }
    add(.symbol(string(at..<at + width)), at: at)
    at += width
  }

  private mutating func number() throws(SparrowError) {
    let start = at
    let radix: Int? =
      switch scalar(at) == "0" ? scalar(at + 1).map({ $0.value | 0x20 }) : nil {
      case 0x78: 16
      case 0x6F: 8
      case 0x62: 2
      default: nil
      }
    if radix != nil { at += 2 }
    var isInteger = true
    digits(radix ?? 10)
    // After a dot, as in `list.0.1`, there are no fractions.
    if radix == nil, start == 0 || source[start - 1] != "." {
      if scalar(at) == ".", scalar(at + 1)?.isTemplateDigit == true {
        isInteger = false
        at += 1
        digits(10)
      }
      if scalar(at) == "e" || scalar(at) == "E" {
        let sign = scalar(at + 1) == "+" || scalar(at + 1) == "-" ? 1 : 0
        if scalar(at + 1 + sign)?.isTemplateDigit == true {
          isInteger = false
          at += 1 + sign
          digits(10)
        }
      }
    }
    let literal = string(start..<at)
    if let next = scalar(at), next.isTemplateLetter {
      throw error("the number '\(literal)\(next)'", expected: "a number")
    }
    let digits = string((radix == nil ? start : start + 2)..<at).filter { $0 != "_" }
    if isInteger, radix != nil || source[start] != "0" || digits.allSatisfy({ $0 == "0" }),
      let value = Int(digits, radix: radix ?? 10)
    {
      add(.integer(value), at: start)
    } else if !isInteger, let value = Double(digits), value.isFinite {
      add(.number(value), at: start)
    } else {
      at = start
      throw error(
        "the number '\(literal.prefix(40))'", expected: "at most 64 bits and no leading zero",
        kind: .unsupported)
    }
  }

  /// Digits, single underscores between them.
  private mutating func digits(_ radix: Int) {
    func isDigit(_ offset: Int) -> Bool {
      guard let value = scalar(offset)?.value, value < 0x80 else { return false }
      return Character(Unicode.Scalar(UInt8(value))).hexDigitValue.map { $0 < radix } ?? false
    }
    while isDigit(at) || scalar(at) == "_" && isDigit(at + 1) { at += 1 }
  }

  private mutating func text(quote: Unicode.Scalar) throws(SparrowError) {
    let start = at
    var text = String.UnicodeScalarView()
    at += 1
    while let next = scalar(at) {
      at += 1
      if next == quote {
        add(.text(String(text)), at: start)
        return
      }
      if next == "\\" { try escape(into: &text) } else { text.append(next) }
    }
    at = start
    throw error("a string without its end")
  }

  /// One escape, by Python's `unicode-escape`: unknown ones keep their backslash.
  private mutating func escape(into text: inout String.UnicodeScalarView) throws(SparrowError) {
    guard let first = scalar(at) else { return }
    at += 1
    switch first {
    case "\n": break
    case "\\", "'", "\"": text.append(first)
    case "a": text.append("\u{07}")
    case "b": text.append("\u{08}")
    case "f": text.append("\u{0C}")
    case "n": text.append("\n")
    case "r": text.append("\r")
    case "t": text.append("\t")
    case "v": text.append("\u{0B}")
    case "x": text.append(try hexadecimal(2))
    case "u": text.append(try hexadecimal(4))
    case "U": text.append(try hexadecimal(8))
    case "0"..."7":
      var code = first.value - 48
      for _ in 0..<2 {
        guard let next = scalar(at), ("0"..."7").contains(next) else { break }
        code = code * 8 + next.value - 48
        at += 1
      }
      text.append(Unicode.Scalar(UInt16(code))!)
    default:
      guard first.isASCII, first != "N" else {
        throw error("the escape '\\\(first)'", kind: .unsupported)
      }
      text.append("\\")
      text.append(first)
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(SparrowError) -> Unicode.Scalar {
    let digits = source.dropFirst(at).prefix(count)
    guard digits.count == count, digits.allSatisfy({ $0.properties.isASCIIHexDigit }),
      let code = UInt32(string(at..<at + count), radix: 16), let scalar = Unicode.Scalar(code)
    else { throw error("an escape that is no character", expected: "\(count) hex digits") }
    at += count
    return scalar
  }
}
