/// Text of a rendering, and which of its bytes come from the conversation: words of a user stay
/// text, whatever they spell.
///
/// Operations that take text apart and put it together keep track of its bytes. Comparisons look at
/// the text alone.
struct TemplateString: Sendable {
  private(set) var text: String
  /// Where bytes of the conversation begin and end, by turns: ascending offsets, an even number.
  private(set) var marks: [Int] = []

  init(_ text: String, isData: Bool = false) {
    self.text = text
    if isData, !text.isEmpty { marks = [0, text.utf8.count] }
  }

  var isEmpty: Bool { text.isEmpty }
  /// Bytes.
  var count: Int { text.utf8.count }

  /// The places of the conversation's bytes.
  var data: [Range<Int>] {
    stride(from: 0, to: marks.count, by: 2).map { marks[$0]..<marks[$0 + 1] }
  }

  mutating func append(_ other: TemplateString) {
    let shift = count
    text += other.text
    for mark in other.marks { toggle(shift + mark) }
  }

  /// Begins or ends a stretch of the conversation's bytes; touching stretches are one.
  private mutating func toggle(_ mark: Int) {
    if marks.last == mark { marks.removeLast() } else { marks.append(mark) }
  }

  /// The bytes of a range, which must not cut a character.
  func slice(_ range: Range<Int>) -> TemplateString {
    let utf8 = text.utf8
    let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
    let end = utf8.index(start, offsetBy: range.count)
    var slice = TemplateString(String(text[start..<end]))
    guard !marks.isEmpty, !range.isEmpty else { return slice }
    var (next, high) = (0, marks.count)
    while next < high {
      let middle = (next + high) / 2
      if marks[middle] <= range.lowerBound { next = middle + 1 } else { high = middle }
    }
    if next & 1 == 1 { slice.marks.append(0) }
    while next < marks.count, marks[next] < range.upperBound {
      slice.marks.append(marks[next] - range.lowerBound)
      next += 1
    }
    if next & 1 == 1 { slice.marks.append(range.count) }
    return slice
  }

  /// The text with `change`'s scalars for each of its own, which is given by its place among
  /// `scalars`.
  func mapped(
    _ change: (Int, [Unicode.Scalar]) -> String.UnicodeScalarView
  ) -> TemplateString {
    let scalars = Array(text.unicodeScalars)
    var out = String.UnicodeScalarView()
    var changed = TemplateString("")
    var (at, length, next) = (0, 0, 0)
    for index in scalars.indices {
      while next < marks.count, marks[next] <= at {
        changed.toggle(length)
        next += 1
      }
      let new = change(index, scalars)
      out.append(contentsOf: new)
      length += new.reduce(0) { $0 + UTF8.width($1) }
      at += UTF8.width(scalars[index])
    }
    while next < marks.count {
      changed.toggle(length)
      next += 1
    }
    changed.text = String(out)
    return changed
  }

  /// Each character by itself.
  var characters: [TemplateString] {
    var at = 0
    return text.unicodeScalars.map { scalar in
      defer { at += UTF8.width(scalar) }
      return slice(at..<(at + UTF8.width(scalar)))
    }
  }

  static func + (a: TemplateString, b: TemplateString) -> TemplateString {
    var sum = a
    sum.append(b)
    return sum
  }

  static func repeating(_ text: TemplateString, count: Int) -> TemplateString {
    var all = TemplateString("")
    guard !text.marks.isEmpty else { return .init(String(repeating: text.text, count: count)) }
    for _ in 0..<count { all.append(text) }
    return all
  }
}

extension TemplateString: ExpressibleByStringLiteral {
  init(stringLiteral value: String) { self.init(value) }
}

extension [TemplateString] {
  func joined(separator: TemplateString = "") -> TemplateString {
    var all = TemplateString("")
    for (index, part) in enumerated() {
      if index > 0 { all.append(separator) }
      all.append(part)
    }
    return all
  }
}
