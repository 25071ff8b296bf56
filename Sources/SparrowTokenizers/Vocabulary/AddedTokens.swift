/// Finds added tokens in text: the leftmost, and of those at one place the longest.
struct AddedTokens: Sendable {
  struct Match {
    let id: Int32
    /// The token with the white space that it swallows.
    let range: Range<Int>
  }

  /// By first byte, then length downwards.
  private let tokens: [AddedToken]
  /// For each first byte the groups of one length, with a hash table for groups of many.
  private let groups: [[Group]]

  /// The first two bytes of tokens: most places of a text are ruled out by two bytes.
  private let beginnings: Adjacency
  /// For each byte whether it is a token by itself.
  private let isWhole: [Bool]

  private struct Group: Sendable {
    let length: Int
    /// Hash of the bytes to tokens, by place in `tokens`.
    let table: [UInt64: [Int]]
  }

  init(_ unsorted: [AddedToken]) {
    let tokens = unsorted.filter { !$0.text.isEmpty }.sorted {
      ($0.text[0], $1.text.count) < ($1.text[0], $0.text.count)
    }
    var groups = [[Group]](repeating: [], count: 256)
    var at = 0
    while at < tokens.count {
      let (first, length) = (tokens[at].text[0], tokens[at].text.count)
      var table: [UInt64: [Int]] = [:]
      while at < tokens.count, tokens[at].text[0] == first, tokens[at].text.count == length {
        let hash = tokens[at].text.withUnsafeBufferPointer { Vocabulary.hash($0) }
        table[hash, default: []].append(at)
        at += 1
      }
      groups[Int(first)].append(Group(length: length, table: table))
    }
    self.tokens = tokens
    self.groups = groups
    var beginnings = Adjacency()
    var isWhole = [Bool](repeating: false, count: 256)
    for token in tokens {
      beginnings.insert(token.text.prefix(2))
      if token.text.count == 1 { isWhole[Int(token.text[0])] = true }
    }
    self.beginnings = beginnings
    self.isWhole = isWhole
  }

  var isEmpty: Bool { tokens.isEmpty }

  /// The first match at or after `start`; special tokens only where `special`, and outside `words`.
  func next(
    in bytes: UnsafeBufferPointer<UInt8>, from start: Int, special: Bool,
    words: [Range<Int>] = []
  ) -> Match? {
    guard !tokens.isEmpty else { return nil }
    for at in start..<bytes.count where canBegin(bytes, at) {
      for group in groups[Int(bytes[at])] where group.length <= bytes.count - at {
        let candidate = UnsafeBufferPointer(rebasing: bytes[at..<(at + group.length)])
        for index in group.table[Vocabulary.hash(candidate)] ?? [] {
          let token = tokens[index]
          guard special || !token.isSpecial, token.text.elementsEqual(candidate),
            !token.isSpecial || !Self.touches(at..<(at + group.length), words)
          else { continue }
          var range = at..<(at + group.length)
          if token.stripsLeft { range = Self.spaceStart(bytes, start, at)..<range.upperBound }
          if token.stripsRight {
            range = range.lowerBound..<Self.spaceEnd(bytes, range.upperBound)
          }
          return Match(id: token.id, range: range)
        }
      }
    }
    return nil
  }

  /// Whether a range shares a byte with one of `words`, which are ascending.
  private static func touches(_ range: Range<Int>, _ words: [Range<Int>]) -> Bool {
    var (low, high) = (0, words.count)
    while low < high {
      let middle = (low + high) / 2
      if words[middle].upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
    }
    return low < words.count && words[low].lowerBound < range.upperBound
  }

  @inline(__always)
  private func canBegin(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> Bool {
    isWhole[Int(bytes[at])] || at + 1 < bytes.count && beginnings.has(bytes[at], bytes[at + 1])
  }

  private static func spaceEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    var at = start
    while at < bytes.count {
      let next = CharacterTable.shared.character(bytes, at)
      guard next.class.isSpace else { break }
      at += next.length
    }
    return at
  }

  private static func spaceStart(
    _ bytes: UnsafeBufferPointer<UInt8>, _ floor: Int, _ end: Int
  ) -> Int {
    var start = end
    while start > floor {
      var at = start - 1
      while at > floor, bytes[at] & 0xC0 == 0x80 { at -= 1 }
      guard CharacterTable.shared.character(bytes, at).class.isSpace else { break }
      start = at
    }
    return start
  }
}
