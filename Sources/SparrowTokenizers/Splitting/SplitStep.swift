/// One of the steps that cut text before merging, each of the pieces that the last one made.
struct SplitStep: Sendable, Equatable {
  enum Rule: Sendable, Equatable {
    case expression(TextExpression)
    /// The same text.
    case literal([UInt8])
    /// Numbers of any kind, each digit by itself or as many as stand together.
    case digits(single: Bool)
    /// Punctuation, each sign by itself.
    case punctuation
    case space
    /// A hand-written rule, whose words are the pieces.
    case words(Splitting)
  }

  /// What becomes of the text that a rule finds.
  enum Behavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case withPrevious = "MergedWithPrevious"
    case withNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  let rule: Rule
  var behavior = Behavior.isolated
  /// Whether what the rule does not find is taken for found.
  var isInverted = false
  /// Whether it sees bytes as GPT-2's alphabet writes them: in `tokenizer.json` what comes after
  /// `ByteLevel`.
  var readsAlphabet = false

  /// A cut at each match of an expression.
  init(_ rule: Rule) { self.rule = rule }

  /// Appends the pieces of one piece, in their order; empty ones are left out.
  func cut(
    _ bytes: UnsafeBufferPointer<UInt8>, _ piece: Range<Int>, _ adjacency: Adjacency,
    into pieces: inout [Range<Int>]
  ) {
    let text = UnsafeBufferPointer(rebasing: bytes[piece])
    if readsAlphabet {
      let (mapped, places) = ByteAlphabet.encode(text)
      mapped.withUnsafeBufferPointer { mapped in
        for part in parts(of: mapped, adjacency) where !part.isEmpty {
          let start = piece.lowerBound + places[part.lowerBound]
          pieces.append(start..<(piece.lowerBound + places[part.upperBound]))
        }
      }
    } else {
      for part in parts(of: text, adjacency) where !part.isEmpty {
        pieces.append((piece.lowerBound + part.lowerBound)..<(piece.lowerBound + part.upperBound))
      }
    }
  }

  private func parts(
    of bytes: UnsafeBufferPointer<UInt8>, _ adjacency: Adjacency
  ) -> [Range<Int>] {
    if case .words(let splitting) = rule {
      var scanner = WordScanner(bytes, splitting, adjacency)
      var words: [Range<Int>] = []
      var start = 0
      while start < bytes.count {
        let end = scanner.end(from: start)
        words.append(start..<end)
        start = end
      }
      return words
    }
    var stretches: [(range: Range<Int>, isFound: Bool)] = []
    var end = 0
    for match in rule.matches(in: bytes) {
      if end < match.lowerBound { stretches.append((end..<match.lowerBound, isInverted)) }
      stretches.append((match, !isInverted))
      end = match.upperBound
    }
    if end < bytes.count { stretches.append((end..<bytes.count, isInverted)) }
    return merged(stretches)
  }

  private func merged(_ stretches: [(range: Range<Int>, isFound: Bool)]) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var wasFound = false
    switch behavior {
    case .isolated: return stretches.map(\.range)
    case .removed: return stretches.filter { !$0.isFound }.map(\.range)
    case .contiguous:
      for (range, isFound) in stretches {
        if isFound == wasFound, let last = parts.popLast() {
          parts.append(last.lowerBound..<range.upperBound)
        } else {
          parts.append(range)
        }
        wasFound = isFound
      }
    case .withPrevious:
      for (range, isFound) in stretches {
        if isFound, !wasFound, let last = parts.popLast() {
          parts.append(last.lowerBound..<range.upperBound)
        } else {
          parts.append(range)
        }
        wasFound = isFound
      }
    case .withNext:
      for (range, isFound) in stretches.reversed() {
        if isFound, !wasFound, let last = parts.popLast() {
          parts.append(range.lowerBound..<last.upperBound)
        } else {
          parts.append(range)
        }
        wasFound = isFound
      }
      parts.reverse()
    }
    return parts
  }
}
