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
    let pieces = tokenizer.addedTokens.pieces(of: bytes, special: parseSpecial, words: words)
    for piece in pieces {
      switch piece {
      case .token(let id): tokens.append(id)
      case .text(let range):
        let run = UnsafeBufferPointer(rebasing: bytes[range])
        let isFirst = range.lowerBound == 0
        if isPlain {
          encodeRun(run, isFirst: isFirst)
        } else {
          let text = NormalizedText(run, words: words.within(range))
          encodeNormalized(text, parseSpecial: parseSpecial, isFirst: isFirst)
        }
      }
    }
  }

  /// Whether the fast ways to normalise are all that text needs.
  private var isPlain: Bool {
    tokenizer.normalizedTokens.isEmpty
      && (description.normalization.isEmpty
        || description.normalization == [.compose] && description.spacing == .bytes)
  }

  /// Normalises text between added tokens, then cuts and merges it.
  private mutating func encodeRun(_ bytes: UnsafeBufferPointer<UInt8>, isFirst: Bool) {
    if !description.normalization.isEmpty, let composed = Composition.composed(bytes) {
      composed.withUnsafeBufferPointer { encodePiece($0, isFirst: isFirst, isCopy: true) }
    } else {
      encodePiece(bytes, isFirst: isFirst, isCopy: false)
    }
  }

  /// The same step by step, with the added tokens that are matched in normalised text.
  private mutating func encodeNormalized(
    _ text: NormalizedText, parseSpecial: Bool, isFirst: Bool
  ) {
    var text = text
    description.normalize(&text)
    let words = text.words
    text.bytes.withUnsafeBufferPointer { bytes in
      let pieces = tokenizer.normalizedTokens.pieces(
        of: bytes, special: parseSpecial, words: words)
      for piece in pieces {
        switch piece {
        case .token(let id): tokens.append(id)
        case .text(let range):
          encodePiece(
            UnsafeBufferPointer(rebasing: bytes[range]), isFirst: isFirst && range.lowerBound == 0,
            isCopy: true, isPrefixed: true)
        }
      }
    }
  }

  /// Puts the first space that it needs before normalised text, cuts and merges it. `isCopy` says
  /// that it lies here only for now, `isPrefixed` that it has the space that the normaliser puts
  /// there.
  private mutating func encodePiece(
    _ bytes: UnsafeBufferPointer<UInt8>, isFirst: Bool, isCopy: Bool, isPrefixed: Bool = false
  ) {
    if let changed = respaced(bytes, isFirst: isFirst, isPrefixed: isPrefixed) {
      cache.forget()
      changed.withUnsafeBufferPointer { encodeWords($0) }
      cache.forget()
    } else {
      if isCopy { cache.forget() }
      encodeWords(bytes)
      if isCopy { cache.forget() }
    }
  }

  /// The text with the first space that it needs and spaces for U+2581; nil where that changes
  /// nothing.
  private func respaced(
    _ bytes: UnsafeBufferPointer<UInt8>, isFirst: Bool, isPrefixed: Bool
  ) -> [UInt8]? {
    guard description.spacing == .marked || description.spacePrefix != .none else { return nil }
    let space = UInt8(ascii: " ")
    let isMarked = description.spacing == .marked
    let isSpaced = bytes.first == space || isMarked && bytes.starts(with: [0xE2, 0x96, 0x81])
    let needsSpace =
      switch description.spacePrefix {
      case .none: false
      case .always: !isPrefixed
      case .unlessSpaced: !isSpaced
      case .firstUnlessSpaced: isFirst && !isSpaced
      }
    let hasMark =
      isMarked
      && bytes.indices.contains {
        bytes[$0] == 0x81 && $0 >= 2 && bytes[$0 - 1] == 0x96 && bytes[$0 - 2] == 0xE2
      }
    guard needsSpace || hasMark else { return nil }
    return (needsSpace ? [space] : [])
      + (hasMark ? TokenizerDescription.unmarked(bytes) : Array(bytes))
  }

  private mutating func encodeWords(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard description.steps.isEmpty else { return encodePieces(bytes) }
    var scanner = WordScanner(bytes, description.splitting, tokenizer.adjacency)
    var start = 0
    while start < bytes.count {
      let end = scanner.end(from: start)
      encodeWord(at: start..<end, bytes)
      start = end
    }
  }

  /// The same for text that is cut in several steps.
  private mutating func encodePieces(_ bytes: UnsafeBufferPointer<UInt8>) {
    var pieces = bytes.isEmpty ? [] : [0..<bytes.count]
    for step in description.steps {
      var next: [Range<Int>] = []
      for piece in pieces { step.cut(bytes, piece, tokenizer.adjacency, into: &next) }
      pieces = next
    }
    for piece in pieces { encodeWord(at: piece, bytes) }
  }

  /// Appends the tokens of a word, from the cache where it was there before.
  @inline(__always)
  private mutating func encodeWord(at range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) {
    let word = UnsafeBufferPointer(rebasing: bytes[range])
    let hash = Vocabulary.hash(word)
    if let range = cache.find(word, hash) {
      for index in range { tokens.append(tokens[index]) }
    } else {
      let before = tokens.count
      encodeWord(word)
      cache.store(hash, word, before..<tokens.count)
    }
  }

  private mutating func encodeWord(_ word: UnsafeBufferPointer<UInt8>) {
    let vocabulary = description.vocabulary
    let staysWhole =
      description.ignoresMerges || word.count == 1
      || description.keepsNewlines && word.allSatisfy { $0 == 0x0A }
    if staysWhole, let id = vocabulary.id(of: word), !description.kinds[Int(id)].isSpecial {
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
