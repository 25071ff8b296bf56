/// Finds the tokens that a state of an automaton allows, by walking both together.
///
/// What a rule allows does not depend on what is below it, up to where it may end: that part is
/// found once for each pattern, and kept. From the places where a rule may end inside a token,
/// which are few, the walk goes on with what is below.
struct MaskMaker: Sendable {
  /// A pattern's part of a mask.
  private struct Part: Sendable {
    let mask: TokenMask
    /// Nodes after which the pattern may have ended, and that have nodes below.
    let exits: [Int]
    let usesAll: Bool
  }

  private struct PartKey: Hashable {
    let pattern: Pattern.ID
    let isLast: Bool
  }

  /// Bytes of masks that are kept; all are dropped beyond.
  private static let sizeLimit = 8 << 20

  let vocabulary: TokenVocabulary
  private var parts: [PartKey: Part] = [:]
  private var masks: [Automaton.State: TokenMask] = [:]
  private var size = 0
  /// The state after any plain character, by state: nil within where characters differ.
  private var plainNext: [Automaton.State: Automaton.State?] = [:]
  /// The states on the way to a node.
  private var path: [Automaton.State]

  init(_ vocabulary: TokenVocabulary) {
    self.vocabulary = vocabulary
    path = Array(repeating: Automaton.dead, count: vocabulary.all.depth + 1)
  }

  /// The tokens that a state allows. A dictionary's access when it is known.
  mutating func mask(_ state: Automaton.State, _ automaton: inout Automaton) -> TokenMask {
    if let known = masks[state] { return known }
    var words = [UInt64](repeating: 0, count: vocabulary.wordCount)
    for number in automaton.stacks(of: state) where number != Automaton.bottom {
      let stack = automaton.stack(number)
      let isLast = stack.parent == Automaton.bottom
      let part = part(stack.top, isLast: isLast, &automaton)
      part.mask.form(&words)
      guard !isLast else { continue }
      let below = automaton.state(stack: stack.parent)
      if automaton.isNullable(stack.top) { mask(below, &automaton).form(&words) }
      let trie = part.usesAll ? vocabulary.all : vocabulary.special
      for node in part.exits where !automaton.isExhausted {
        walk(trie, below: node, below, &automaton, &words)
      }
    }
    let mask = TokenMask(words: words)
    keep(mask.size)
    masks[state] = mask
    return mask
  }

  private mutating func keep(_ bytes: Int) {
    size += bytes + 64
    guard size > Self.sizeLimit else { return }
    masks = [:]
    parts = [:]
    size = bytes
  }

  private mutating func part(
    _ pattern: Pattern.ID, isLast: Bool, _ automaton: inout Automaton
  ) -> Part {
    let key = PartKey(pattern: pattern, isLast: isLast)
    if let known = parts[key] { return known }
    let start = automaton.state(pattern: pattern)
    let plain = plainCharacters(from: start, mayEnd: isLast, &automaton)
    var words =
      plain.map { vocabulary.plain(most: $0) }
      ?? [UInt64](repeating: 0, count: vocabulary.wordCount)
    let trie = plain == nil ? vocabulary.all : vocabulary.special
    var exits: [Int] = []
    walk(trie, 0..<trie.nodes.count, start, &automaton, &words) { if !isLast { exits.append($0) } }
    let part = Part(mask: TokenMask(words: words), exits: exits, usesAll: plain == nil)
    keep(part.mask.size + 8 * exits.count)
    parts[key] = part
    return part
  }

  private mutating func walk(
    _ trie: TokenTrie, below node: Int, _ start: Automaton.State, _ automaton: inout Automaton,
    _ words: inout [UInt64]
  ) {
    let nodes = node + 1..<Int(trie.nodes[node].end)
    walk(trie, nodes, start, &automaton, &words) { _ in }
  }

  /// Walks some nodes, which are all that lie below one; adds the tokens that are reached, and
  /// calls for nodes with others below where the text may end.
  @inline(__always)
  private mutating func walk(
    _ trie: TokenTrie, _ range: Range<Int>, _ start: Automaton.State,
    _ automaton: inout Automaton, _ words: inout [UInt64], exit: (Int) -> Void
  ) {
    guard !range.isEmpty else { return }
    let base = Int(trie.nodes[range.lowerBound].depth) - 1
    path[base] = start
    var at = range.lowerBound
    var count = 0
    defer { automaton.count(count) }
    while at < range.upperBound {
      count += 1
      let node = trie.nodes[at]
      let depth = Int(node.depth)
      let state = automaton.next(path[depth - 1], node.byte)
      guard state != Automaton.dead else {
        at = Int(node.end)
        continue
      }
      if node.token >= 0 { words[Int(node.token) >> 6] |= 1 << UInt64(node.token & 63) }
      path[depth] = state
      at += 1
      if Int(node.end) > at, automaton.mayEnd(state) { exit(at - 1) }
    }
  }

  /// How many plain characters may follow, of whatever kind, up to the vocabulary's longest; nil
  /// where it depends on which they are, or where the text may end among them and must not.
  private mutating func plainCharacters(
    from start: Automaton.State, mayEnd: Bool, _ automaton: inout Automaton
  ) -> Int? {
    var state = start
    for count in 0..<vocabulary.longestPlain {
      guard let next = afterPlain(state, &automaton) else { return nil }
      if next == Automaton.dead { return count > 0 ? count : nil }
      if !mayEnd, automaton.mayEnd(next) { return nil }
      if next == state { break }
      state = next
    }
    return vocabulary.longestPlain
  }

  /// The one state after any plain character; nil where they lead to several.
  private mutating func afterPlain(
    _ state: Automaton.State, _ automaton: inout Automaton
  ) -> Automaton.State? {
    if let known = plainNext[state] { return known }
    var found: Automaton.State? = automaton.next(state, UInt8(ascii: "a"))
    PlainText.ascii.forEach {
      if automaton.next(state, $0) != found { found = nil }
    }
    for ranges in UTF8Ranges.multibyte where found != nil {
      var reached: Set = [state]
      for range in ranges {
        reached = Set(reached.flatMap { from in range.map { automaton.next(from, $0) } })
      }
      if reached != [found] { found = nil }
    }
    plainNext[state] = .some(found)
    return found
  }
}
