/// One call of `encode`: the tokens so far and the buffers that words share.
struct TextEncoder {
  private let tokenizer: Tokenizer
  private let description: TokenizerDescription
  private var merger: Merger
  private var cache: WordCache
  var tokens: [Int32] = []

  /// An encoder for one text of so many bytes.
  init(_ tokenizer: Tokenizer, byteCount: Int) {
    self.tokenizer = tokenizer
    description = tokenizer.description
    merger = Merger(description.vocabulary, description.rule)
    cache = WordCache(for: byteCount)
  }

  /// Appends the tokens of valid UTF-8; control tokens are read outside `words` where
  /// `parseSpecial`.
  mutating func encode(
    _ bytes: UnsafeBufferPointer<UInt8>, parseSpecial: Bool, words: [Range<Int>] = []
  ) {
    var at = 0
    while at < bytes.count {
      let match = tokenizer.addedTokens.next(
        in: bytes, from: at, special: parseSpecial, words: words)
      let end = match?.range.lowerBound ?? bytes.count
      if end > at {
        encodeRun(UnsafeBufferPointer(rebasing: bytes[at..<end]), isFirst: at == 0)
      }
      guard let match else { return }
      tokens.append(match.id)
      at = match.range.upperBound
    }
  }

  /// Normalises text between added tokens, then cuts and merges it.
  private mutating func encodeRun(_ bytes: UnsafeBufferPointer<UInt8>, isFirst: Bool) {
    if description.composes, let composed = Composition.composed(bytes) {
      encodeCopy(composed)
    } else if description.spacing == .marked, let changed = respaced(bytes, isFirst: isFirst) {
      encodeCopy(changed)
    } else {
      encodeWords(bytes)
    }
  }

  /// The text with the first space that it needs and spaces for U+2581; nil where that changes
  /// nothing.
  private func respaced(_ bytes: UnsafeBufferPointer<UInt8>, isFirst: Bool) -> [UInt8]? {
    let space = UInt8(ascii: " ")
    let isSpaced = bytes.first == space || bytes.starts(with: [0xE2, 0x96, 0x81])
    let needsSpace =
      switch description.spacePrefix {
      case .none: false
      case .always: true
      case .unlessSpaced: !isSpaced
      case .firstUnlessSpaced: isFirst && !isSpaced
      }
    let isMarked = bytes.indices.contains {
      bytes[$0] == 0x81 && $0 >= 2 && bytes[$0 - 1] == 0x96 && bytes[$0 - 2] == 0xE2
    }
    guard needsSpace || isMarked else { return nil }
    return (needsSpace ? [space] : []) + TokenizerDescription.unmarked(bytes)
  }

  /// Encodes text that lies here only for now, so that no word of it may be remembered.
  private mutating func encodeCopy(_ bytes: [UInt8]) {
    cache.forget()
    bytes.withUnsafeBufferPointer { encodeWords($0) }
    cache.forget()
  }

  private mutating func encodeWords(_ bytes: UnsafeBufferPointer<UInt8>) {
    var scanner = WordScanner(bytes, description.splitting, tokenizer.adjacency)
    var start = 0
    while start < bytes.count {
      let end = scanner.end(from: start)
      let word = UnsafeBufferPointer(rebasing: bytes[start..<end])
      let hash = Vocabulary.hash(word)
      if let range = cache.find(word, hash) {
        for index in range { tokens.append(tokens[index]) }
      } else {
        let before = tokens.count
        encodeWord(word)
        cache.store(hash, word, before..<tokens.count)
      }
      start = end
    }
  }

  private mutating func encodeWord(_ word: UnsafeBufferPointer<UInt8>) {
    let vocabulary = description.vocabulary
    if description.ignoresMerges || word.count == 1, let id = vocabulary.id(of: word),
      !description.kinds[Int(id)].isSpecial
    {
      tokens.append(id)
      return
    }
    merger.reset()
    var at = 0
    while at < word.count {
      var end = at + 1
      if description.spacing == .marked {
        while end < word.count, word[end] & 0xC0 == 0x80 { end += 1 }
        let character = UnsafeBufferPointer(rebasing: word[at..<end])
        merger.append(vocabulary.id(of: character) ?? -1, start: at, end: end)
      } else {
        let id = description.byteTokens[Int(word[at])]
        // As the reference does: a byte that nothing stands for leaves its neighbours side by side.
        if id >= 0 || description.unknown != nil { merger.append(id, start: at, end: end) }
      }
      at = end
    }
    var lastUnknown = false
    merger.merge(word)
    var place = merger.isEmpty ? -1 : 0
    while place >= 0 {
      let (id, range, next) = merger.result(place)
      if id >= 0 {
        tokens.append(id)
        lastUnknown = false
      } else {
        lastUnknown = appendFallback(word[range], afterUnknown: lastUnknown)
      }
      place = next
    }
  }

  /// Appends the byte tokens of text that is no token, or the unknown token where one is missing.
  private mutating func appendFallback(
    _ bytes: Slice<UnsafeBufferPointer<UInt8>>, afterUnknown: Bool
  ) -> Bool {
    if description.spacing == .marked,
      bytes.allSatisfy({ description.byteTokens[Int($0)] >= 0 })
    {
      for byte in bytes { tokens.append(description.byteTokens[Int(byte)]) }
      return false
    }
    guard let unknown = description.unknown else { return false }
    if !(afterUnknown && description.fusesUnknown) { tokens.append(unknown) }
    return true
  }
}
