extension SplitStep.Rule {
  /// What the rule finds, from left to right.
  func matches(in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    switch self {
    case .words: return []
    case .expression(let expression):
      var matcher = ExpressionMatcher(expression, bytes)
      return matcher.matches()
    case .literal(let text):
      var found: [Range<Int>] = []
      var at = 0
      while at + text.count <= bytes.count {
        let isHere = bytes[at..<(at + text.count)].elementsEqual(text)
        if isHere { found.append(at..<(at + text.count)) }
        at += isHere ? text.count : 1
      }
      return found
    case .digits(let single): return runs(in: bytes, single: single) { $0.class == .number }
    case .space: return runs(in: bytes, single: true) { $0.class.isSpace }
    case .punctuation:
      let punctuation = CategoryTable.mask(named: "P")!
      return runs(in: bytes, single: true) { character in
        let value = character.value
        // In ASCII symbols are punctuation too.
        return value < 0x80
          ? value > 0x20 && value < 0x7F && character.class == .other
          : punctuation >> UInt32(CategoryTable.shared.category(value)) & 1 != 0
      }
    }
  }

  private func runs(
    in bytes: UnsafeBufferPointer<UInt8>, single: Bool,
    _ isFound: ((class: CharacterClass, value: UInt32)) -> Bool
  ) -> [Range<Int>] {
    let table = CharacterTable.shared
    var found: [Range<Int>] = []
    var at = 0
    while at < bytes.count {
      let (kind, length) = table.character(bytes, at)
      let end = min(at + length, bytes.count)
      if isFound((kind, CharacterTable.value(bytes, at))) {
        if !single, let last = found.last, last.upperBound == at {
          found[found.count - 1] = last.lowerBound..<end
        } else {
          found.append(at..<end)
        }
      }
      at = end
    }
    return found
  }
}
