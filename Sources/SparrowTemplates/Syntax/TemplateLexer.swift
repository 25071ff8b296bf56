internal import SparrowCore

/// Splits a template into tokens by the rules of Jinja 3.1's `lexer.py`, with `trim_blocks` and
/// `lstrip_blocks` on.
struct TemplateLexer {
  let file: String
  let source: [Unicode.Scalar]
  var at = 0
  private var tokens: [TemplateToken] = []
  /// Whether the last match ended a line: then `lstrip_blocks` applies to what follows it.
  private var isLineStart = true
  private var countedLine = 1
  private var countedTo = 0

  private init(source: [Unicode.Scalar], file: String) {
    self.source = source
    self.file = file
  }

  static func tokens(of source: String, file: String) throws(SparrowError) -> [TemplateToken] {
    guard source.utf8.count <= TemplateLimits.source else {
      throw SparrowError(
        .unsupported, file: file, found: "a chat template of \(source.utf8.count) bytes",
        expected: "at most \(TemplateLimits.source)")
    }
    var lexer = TemplateLexer(source: normalized(source), file: file)
    return try lexer.run()
  }

  /// The source with `\n` for every line end, and without the last one.
  private static func normalized(_ source: String) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    var afterReturn = false
    for scalar in source.unicodeScalars {
      if scalar == "\r" {
        scalars.append("\n")
      } else if !(scalar == "\n" && afterReturn) {
        scalars.append(scalar)
      }
      afterReturn = scalar == "\r"
    }
    if scalars.last == "\n" { scalars.removeLast() }
    return scalars
  }

  mutating func line(at offset: Int) -> Int {
    while countedTo < offset {
      if source[countedTo] == "\n" { countedLine += 1 }
      countedTo += 1
    }
    return countedLine
  }

  mutating func error(
    _ found: String, expected: String = "", kind: SparrowError.Kind = .malformed
  ) -> SparrowError {
    SparrowError(kind, file: file, field: "line \(line(at: at))", found: found, expected: expected)
  }

  mutating func add(_ kind: TemplateToken.Kind, at offset: Int) {
    tokens.append(TemplateToken(kind: kind, line: line(at: offset)))
  }

  func scalar(_ offset: Int) -> Unicode.Scalar? { offset < source.count ? source[offset] : nil }

  func matches(_ text: StaticString, at offset: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard source.count - offset >= count else { return false }
    for index in 0..<count
    where source[offset + index].value != UInt32(text.utf8Start[index]) {
      return false
    }
    return true
  }

  private mutating func run() throws(SparrowError) -> [TemplateToken] {
    while at < source.count {
      let start = at
      var open = at
      while open < source.count, !isTagStart(open) { open += 1 }
      guard open < source.count else {
        addData(start..<open)
        at = open
        break
      }
      let sign = scalar(open + 2)
      addData(start..<dataEnd(start, open, sign: sign))
      at = open + (sign == "-" || sign == "+" ? 3 : 2)
      switch source[open + 1] {
      case "#": try comment()
      case "{":
        add(.variableBegin, at: open)
        try expression(isBlock: false)
      default:
        if try raw() { break }
        add(.blockBegin, at: open)
        try expression(isBlock: true)
      }
      isLineStart = source[at - 1] == "\n"
    }
    add(.end, at: source.count)
    return tokens
  }

  private func isTagStart(_ offset: Int) -> Bool {
    guard source[offset] == "{", let next = scalar(offset + 1) else { return false }
    return next == "{" || next == "%" || next == "#"
  }

  private mutating func addData(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    var text = ""
    text.unicodeScalars.append(contentsOf: source[range])
    add(.data(text), at: range.lowerBound)
  }

  /// Where the text from `start` to the tag at `open` ends once whitespace control has been
  /// applied.
  private func dataEnd(_ start: Int, _ open: Int, sign: Unicode.Scalar?) -> Int {
    var end = open
    if sign == "-" {
      while end > start, source[end - 1].isTemplateSpace { end -= 1 }
      return end
    }
    guard sign != "+", source[open + 1] != "{" else { return open }
    while end > start, source[end - 1] != "\n" {
      guard source[end - 1].isTemplateSpace else { return open }
      end -= 1
    }
    return end > start || isLineStart ? end : open
  }

  private mutating func comment() throws(SparrowError) {
    let begin = at
    while at < source.count {
      if matches("#}", at: at) || matches("-#}", at: at) || matches("+#}", at: at) {
        let sign = source[at]
        at += sign == "#" ? 2 : 3
        trimAfter(sign)
        return
      }
      at += 1
    }
    at = begin
    throw error("a comment without '#}'")
  }

  /// Steps over what the end of a block or comment takes with it.
  private mutating func trimAfter(_ sign: Unicode.Scalar) {
    if sign == "-" {
      while let next = scalar(at), next.isTemplateSpace { at += 1 }
    } else if sign != "+", scalar(at) == "\n" {
      at += 1
    }
  }

  /// Steps over `{% raw %}` and what it keeps as text, up to the end of `{% endraw %}`; false for
  /// another tag.
  private mutating func raw() throws(SparrowError) -> Bool {
    guard let end = bareTag("raw", at: at) else { return false }
    let begin = at
    at = end.end
    // Only a minus takes more than the tag here.
    if end.sign == "-" { trimAfter(end.sign) }
    let start = at
    guard at < source.count else { return true }
    while at < source.count {
      guard matches("{%", at: at) else {
        at += 1
        continue
      }
      let sign = scalar(at + 2)
      let name = at + (sign == "-" || sign == "+" ? 3 : 2)
      if let end = bareTag("endraw", at: name) {
        isLineStart = start > 0 && source[start - 1] == "\n"
        addData(start..<dataEnd(start, at, sign: sign))
        at = end.end
        trimAfter(end.sign)
        return true
      }
      at += 1
    }
    at = begin
    throw error("a 'raw' without 'endraw'")
  }

  /// The end of a tag that is a name alone, with the sign before its `%}`.
  private func bareTag(
    _ name: StaticString, at offset: Int
  ) -> (end: Int, sign: Unicode.Scalar)? {
    var at = offset
    while let next = scalar(at), next.isTemplateSpace { at += 1 }
    guard matches(name, at: at) else { return nil }
    at += name.utf8CodeUnitCount
    while let next = scalar(at), next.isTemplateSpace { at += 1 }
    guard let sign = scalar(at) else { return nil }
    let width = sign == "-" || sign == "+" ? 1 : 0
    return matches("%}", at: at + width) ? (at + width + 2, sign) : nil
  }

  /// The tokens of one tag, with its end.
  private mutating func expression(isBlock: Bool) throws(SparrowError) {
    let begin = at
    var open: [Unicode.Scalar] = []
    while at < source.count {
      if open.isEmpty, endTag(isBlock: isBlock) { return }
      let next = source[at]
      if next.isTemplateSpace {
        at += 1
      } else {
        let start = at
        try lexeme(next)
        guard at == start + 1 else { continue }
        switch next {
        case "(", "[", "{": open.append(next)
        case ")", "]", "}":
          let opposite: Unicode.Scalar = next == ")" ? "(" : next == "]" ? "[" : "{"
          guard open.popLast() == opposite else {
            at = start
            throw error("'\(next)' that closes nothing")
          }
        default: break
        }
      }
    }
    at = begin
    throw error("a tag without '\(isBlock ? "%}" : "}}")'")
  }

  private mutating func endTag(isBlock: Bool) -> Bool {
    let start = at
    let sign = source[at]
    let width = sign == "-" || (sign == "+" && isBlock) ? 1 : 0
    guard isBlock ? matches("%}", at: at + width) : matches("}}", at: at + width) else {
      return false
    }
    add(isBlock ? .blockEnd : .variableEnd, at: start)
    at += width + 2
    if isBlock || sign == "-" { trimAfter(sign) }
    return true
  }
}

extension Unicode.Scalar {
  /// White space by Python's `str.isspace`.
  var isTemplateSpace: Bool {
    switch value {
    case 9...13, 28...32, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }

  var isTemplateDigit: Bool { ("0"..."9").contains(self) }

  var isTemplateLetter: Bool {
    ("a"..."z").contains(self) || ("A"..."Z").contains(self) || self == "_"
  }
}
