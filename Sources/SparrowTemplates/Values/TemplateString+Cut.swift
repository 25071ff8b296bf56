extension TemplateString {
  /// The text between `separator`s, which is not empty, cut at most `limit` times when that is not
  /// negative.
  func split(at separator: TemplateString, limit: Int = -1, fromEnd: Bool = false)
    -> [TemplateString]
  {
    let places =
      fromEnd
      ? TemplateText.lastPlaces(of: separator.text, in: text, limit: limit)
      : TemplateText.places(of: separator.text, in: text, limit: limit)
    var parts: [TemplateString] = []
    var start = 0
    for place in places {
      parts.append(slice(start..<place))
      start = place + separator.count
    }
    return parts + [slice(start..<count)]
  }

  /// The text cut at runs of white space.
  func words(limit: Int = -1, fromEnd: Bool = false) -> [TemplateString] {
    var words: [Range<Int>] = []
    var start: Int?
    var at = 0
    for scalar in text.unicodeScalars {
      if scalar.isTemplateSpace, let first = start {
        words.append(first..<at)
        start = nil
      } else if !scalar.isTemplateSpace, start == nil {
        start = at
      }
      at += UTF8.width(scalar)
    }
    if let start { words.append(start..<at) }
    guard limit >= 0, words.count > limit else { return words.map(slice) }
    if fromEnd {
      let end = words[words.count - limit - 1].upperBound
      return [slice(0..<end).stripped(nil, end: false)] + words.suffix(limit).map(slice)
    }
    let rest = slice(words[limit].lowerBound..<count)
    return words.prefix(limit).map(slice) + [rest]
  }

  /// The text without the characters of `set`, or white space, at its start or end.
  func stripped(_ set: String?, start: Bool = true, end: Bool = true) -> TemplateString {
    let set = set.map { Set($0.unicodeScalars) }
    func isStripped(_ scalar: Unicode.Scalar) -> Bool {
      set?.contains(scalar) ?? scalar.isTemplateSpace
    }
    var rest = text.unicodeScalars[...]
    var from = 0
    while start, let first = rest.first, isStripped(first) {
      from += UTF8.width(first)
      rest.removeFirst()
    }
    var length = count - from
    while end, let last = rest.last, isStripped(last) {
      length -= UTF8.width(last)
      rest.removeLast()
    }
    return slice(from..<(from + length))
  }

  /// The lines by Python's `splitlines`.
  func lines(keepingEnds: Bool = false) -> [TemplateString] {
    var lines: [TemplateString] = []
    var (start, at) = (0, 0)
    var afterReturn = false
    for scalar in text.unicodeScalars {
      let next = at + UTF8.width(scalar)
      if afterReturn, scalar == "\n" {
        if keepingEnds { lines[lines.count - 1].append(slice(at..<next)) }
        start = next
      } else if scalar.isTemplateLineEnd {
        lines.append(slice(start..<(keepingEnds ? next : at)))
        start = next
      }
      afterReturn = scalar == "\r"
      at = next
    }
    return start < at ? lines + [slice(start..<at)] : lines
  }

  /// The text with `new` for `old`, at most `limit` times when that is not negative.
  func replacing(
    _ old: TemplateString, by new: TemplateString, limit: Int
  ) -> TemplateString {
    guard old.isEmpty else { return split(at: old, limit: limit).joined(separator: new) }
    // As Python does: before every character and at the end.
    var parts: [TemplateString] = []
    for (index, part) in (characters + [""]).enumerated() {
      parts.append(limit < 0 || index < limit ? new + part : part)
    }
    return parts.joined()
  }
}

extension Unicode.Scalar {
  /// What ends a line for Python's `str.splitlines`.
  var isTemplateLineEnd: Bool {
    switch value {
    case 10...13, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
