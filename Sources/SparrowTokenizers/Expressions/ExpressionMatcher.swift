/// Finds matches of an expression in valid UTF-8; keeps its stack from match to match.
struct ExpressionMatcher {
  private let expression: TextExpression
  private let bytes: UnsafeBufferPointer<UInt8>
  private var stack: [Choice] = []
  private var steps = 0

  /// Steps that all matches in the text may take: more is an expression gone wild.
  private let maximumSteps: Int

  /// A way to go on that has not been tried.
  private struct Choice {
    let place: Int
    /// Where to go on; or, of a loop, the farthest place that is left.
    var at: Int
    /// Of a loop: the nearest place, and the set of a lazy one.
    let least: Int
    let set: Int
    let isLoop: Bool
  }

  init(_ expression: TextExpression, _ bytes: UnsafeBufferPointer<UInt8>) {
    self.expression = expression
    self.bytes = bytes
    maximumSteps = 4096 + 2048 * bytes.count
  }

  /// The first match at or after `start`.
  mutating func next(from start: Int) -> Range<Int>? {
    var at = start
    while at <= bytes.count {
      if let end = run(0, at, 0) { return at..<end }
      guard at < bytes.count else { return nil }
      at += Self.width(bytes[at])
    }
    return nil
  }

  /// All matches, from left to right; an empty one where the last ended is none.
  mutating func matches() -> [Range<Int>] {
    var found: [Range<Int>] = []
    var at = 0
    while at <= bytes.count, let match = next(from: at) {
      if match.isEmpty {
        at =
          match.upperBound < bytes.count
          ? match.upperBound + Self.width(bytes[match.upperBound]) : bytes.count + 1
        if match.upperBound == found.last?.upperBound { continue }
      } else {
        at = match.upperBound
      }
      found.append(match)
    }
    return found
  }

  private static func width(_ lead: UInt8) -> Int {
    lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }

  /// The character at a place and its bytes.
  @inline(__always)
  private func scalar(_ at: Int) -> (value: UInt32, width: Int) {
    (CharacterTable.value(bytes, at), Self.width(bytes[at]))
  }

  private func before(_ at: Int) -> Int {
    var at = at - 1
    while at > 0, bytes[at] & 0xC0 == 0x80 { at -= 1 }
    return at
  }

  /// How far `set` goes from `at`, at most `most` characters; nil where those are fewer than
  /// `least`.
  @inline(__always)
  private mutating func span(
    _ set: Int, _ at: Int, least: Int, most: Int
  ) -> (least: Int, end: Int)? {
    var (count, end, nearest) = (0, at, at)
    while count < most, end < bytes.count {
      let (value, width) = scalar(end)
      guard expression.has(set, value) else { break }
      end = min(end + width, bytes.count)
      count += 1
      if count == least { nearest = end }
    }
    steps += count >> 3
    return count < least ? nil : (nearest, end)
  }

  /// The end of the first way in which the program matches from `place` on; `depth` counts the
  /// programs within each other.
  private mutating func run(_ place: Int, _ start: Int, _ depth: Int) -> Int? {
    let base = stack.count
    defer { stack.removeLast(stack.count - base) }
    var place = place
    var at = start
    while true {
      steps += 1
      guard steps < maximumSteps else { return nil }
      var isGood = true
      switch expression.program[place] {
      case .match: return at
      case .one(let set):
        isGood = at < bytes.count
        if isGood {
          let (value, width) = scalar(at)
          isGood = expression.has(set, value)
          at = min(at + width, bytes.count)
        }
      case .many(let set, let least, let most):
        guard let (nearest, end) = span(set, at, least: least, most: most) else {
          isGood = false
          break
        }
        if end > nearest {
          stack.append(
            Choice(place: place + 1, at: before(end), least: nearest, set: -1, isLoop: true))
        }
        at = end
      case .few(let set, let least, let most):
        guard let (nearest, _) = span(set, at, least: least, most: least) else {
          isGood = false
          break
        }
        if most > least {
          let left = most == .max ? Int.max : most - least
          stack.append(
            Choice(place: place + 1, at: nearest, least: left, set: set, isLoop: false))
        }
        at = nearest
      case .all(let set, let least, let most):
        let span = span(set, at, least: least, most: most)
        isGood = span != nil
        at = span?.end ?? at
      case .fork(let first, let second):
        stack.append(Choice(place: second, at: at, least: 0, set: -1, isLoop: false))
        place = first
        continue
      case .jump(let target):
        place = target
        continue
      case .look(let end, let isNegative, let back):
        isGood = look(place + 1, at, back, depth) != isNegative
        if isGood { place = end - 1 }
      case .atomic(let end):
        let found = run(place + 1, at, depth + 1)
        isGood = found != nil
        at = found ?? at
        if isGood { place = end - 1 }
      case .start: isGood = at == 0
      case .end: isGood = at == bytes.count
      case .lineStart: isGood = at == 0 || bytes[at - 1] == 10
      case .lineEnd: isGood = at == bytes.count || bytes[at] == 10
      case .boundary(let isNegative): isGood = isBoundary(at) != isNegative
      }
      if isGood {
        place += 1
        continue
      }
      var next: (place: Int, at: Int)?
      while next == nil, stack.count > base { next = resume() }
      guard let next else { return nil }
      (place, at) = next
    }
  }

  /// The last choice that is left: of a loop one character less, of a lazy one a character more;
  /// nil where that fails.
  private mutating func resume() -> (place: Int, at: Int)? {
    let choice = stack.removeLast()
    if choice.isLoop {
      if choice.at > choice.least {
        var rest = choice
        rest.at = before(choice.at)
        stack.append(rest)
      }
      return (choice.place, choice.at)
    }
    guard choice.set >= 0 else { return (choice.place, choice.at) }
    guard let (_, end) = span(choice.set, choice.at, least: 1, most: 1) else {
      return nil
    }
    if choice.least > 1 {
      let left = choice.least == .max ? Int.max : choice.least - 1
      stack.append(
        Choice(place: choice.place, at: end, least: left, set: choice.set, isLoop: false))
    }
    return (choice.place, end)
  }

  private mutating func look(_ place: Int, _ at: Int, _ back: Int?, _ depth: Int) -> Bool {
    var start = at
    for _ in 0..<(back ?? 0) {
      guard start > 0 else { return false }
      start = before(start)
    }
    let end = run(place, start, depth + 1)
    return back == nil ? end != nil : end == at
  }

  private func isBoundary(_ at: Int) -> Bool {
    func isWord(_ at: Int) -> Bool {
      let value = scalar(at).value
      return ScalarSet.isWord(value, CategoryTable.shared.category(value))
    }
    return (at > 0 && isWord(before(at))) != (at < bytes.count && isWord(at))
  }
}
