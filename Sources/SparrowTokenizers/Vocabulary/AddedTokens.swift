/// Finds added tokens in text: the leftmost, and of those at one place the longest.
struct AddedTokens: Sendable {
  /// By first byte, then length downwards.
  private let tokens: [AddedToken]
  /// For each first byte the groups of one length, with a hash table for groups of many.
  private let groups: [[Group]]

  /// The first two bytes of tokens: most places of a text are ruled out by two bytes.
  private let beginnings: Adjacency
  /// For each byte whether it is a token by itself.
  private let isWhole: [Bool]
  /// Whether spaces stand for U+2581, which is no white space to be swallowed.
  private let keepsSpaces: Bool

  private struct Group: Sendable {
    let length: Int
    /// Hash of the bytes to tokens, by place in `tokens`.
    let table: [UInt64: [Int]]
  }

  init(_ unsorted: [AddedToken], keepsSpaces: Bool = false) {
    self.keepsSpaces = keepsSpaces
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
        // Of tokens whose normalised texts are the same the last counts.
        table[hash, default: []].insert(at, at: 0)
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
  private func next(
    in bytes: UnsafeBufferPointer<UInt8>, from start: Int, special: Bool, words: [Range<Int>]
  ) -> (token: AddedToken, range: Range<Int>)? {
    for at in start..<bytes.count where canBegin(bytes, at) {
      for group in groups[Int(bytes[at])] where group.length <= bytes.count - at {
        let range = at..<(at + group.length)
        let candidate = UnsafeBufferPointer(rebasing: bytes[range])
        for index in group.table[Vocabulary.hash(candidate)] ?? [] {
          let token = tokens[index]
          guard special || !token.isSpecial, token.text.elementsEqual(candidate),
            !token.isSpecial || !Self.touches(range, words)
          else { continue }
          return (token, range)
        }
      }
    }
    return nil
  }

  enum Piece {
    case text(Range<Int>)
    case token(Int32)
  }

  /// Text cut at its added tokens, as the `tokenizers` library does.
  func pieces(
    of bytes: UnsafeBufferPointer<UInt8>, special: Bool, words: [Range<Int>]
  ) -> [Piece] {
    var pieces: [Piece] = []
    var at = 0
    var done = 0
    while !tokens.isEmpty, at < bytes.count,
      let (found, match) = next(in: bytes, from: at, special: special, words: words)
    {
      at = match.upperBound
      guard !found.isSingleWord || Self.standsAlone(match, bytes) else { continue }
      let start =
        found.stripsLeft
        ? max(done, Self.spaceStart(bytes, done, match.lowerBound, keepsSpaces)) : match.lowerBound
      let end =
        found.stripsRight
        ? Self.spaceEnd(bytes, match.upperBound, keepsSpaces) : match.upperBound
      if done < start { pieces.append(.text(done..<start)) }
      // A token that would swallow white space which the last one has swallowed with it is gone.
      if start < end { pieces.append(.token(found.id)) }
      done = end
    }
    if done < bytes.count { pieces.append(.text(done..<bytes.count)) }
    return pieces
  }

  /// Whether a range shares a byte with one of `words`, which are ascending.
  private static func touches(_ range: Range<Int>, _ words: [Range<Int>]) -> Bool {
    let first = words.place { $0.upperBound <= range.lowerBound }
    return first < words.count && words[first].lowerBound < range.upperBound
  }

  @inline(__always)
  private func canBegin(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> Bool {
    isWhole[Int(bytes[at])] || at + 1 < bytes.count && beginnings.has(bytes[at], bytes[at + 1])
  }

  /// Whether no character of a word stands on either side.
  private static func standsAlone(
    _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    func isWord(_ at: Int) -> Bool {
      let value = CharacterTable.value(bytes, at)
      return ScalarSet.isWord(value, CategoryTable.shared.category(value))
    }
    return (range.lowerBound == 0 || !isWord(characterStart(bytes, range.lowerBound)))
      && (range.upperBound == bytes.count || !isWord(range.upperBound))
  }

  /// The place of the character that ends before `end`.
  private static func characterStart(_ bytes: UnsafeBufferPointer<UInt8>, _ end: Int) -> Int {
    var at = end - 1
    while at > 0, bytes[at] & 0xC0 == 0x80 { at -= 1 }
    return at
  }

  /// Where the white space from `start` on ends.
  static func spaceEnd(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ keepsSpaces: Bool = false
  ) -> Int {
    var at = start
    while at < bytes.count, !(keepsSpaces && bytes[at] == 0x20) {
      let next = CharacterTable.shared.character(bytes, at)
      guard next.class.isSpace else { break }
      at += next.length
    }
    return at
  }

  /// Where the white space that ends at `end` begins, at `floor` at the earliest.
  static func spaceStart(
    _ bytes: UnsafeBufferPointer<UInt8>, _ floor: Int, _ end: Int, _ keepsSpaces: Bool = false
  ) -> Int {
    var start = end
    while start > floor {
      let at = characterStart(bytes, start)
      guard at >= floor, !(keepsSpaces && bytes[at] == 0x20),
        CharacterTable.shared.character(bytes, at).class.isSpace
      else { break }
      start = at
    }
    return start
  }
}

extension [Range<Int>] {
  /// The first place whose range is not `before`, by bisection.
  func place(_ before: (Range<Int>) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if before(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The parts of the ranges that lie in another, by places in it.
  func within(_ range: Range<Int>) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    for part in self[place { $0.upperBound <= range.lowerBound }...] {
      guard part.lowerBound < range.upperBound else { break }
      let common = part.clamped(to: range)
      parts.append(
        (common.lowerBound - range.lowerBound)..<(common.upperBound - range.lowerBound))
    }
    return parts
  }
}
