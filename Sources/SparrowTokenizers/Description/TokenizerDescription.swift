internal import SparrowCore

/// All that makes a tokenizer, whatever file it came from.
///
/// Built by the readers of `tokenizer.json`, of GPT-2's two files and of GGUF metadata.
public struct TokenizerDescription: Sendable {
  /// How spaces are kept in the vocabulary.
  enum Spacing: Sendable {
    /// Bytes are bytes (GPT-2's alphabet, decoded).
    case bytes
    /// SentencePiece: U+2581 in the file, a space in `vocabulary`.
    case marked
  }

  /// Where a space is put before text.
  enum SpacePrefix: Sendable {
    case none
    /// Before each run of text, at the start and after an added token, by the normaliser.
    case always
    /// The same, but for runs that begin with a space.
    case unlessSpaced
    /// Before the start of the text only, unless it begins with a space.
    case firstUnlessSpaced
  }

  /// The file, for messages.
  var file: String
  var vocabulary = Vocabulary()
  /// One a token.
  var kinds: [TokenKind] = []
  var added: [AddedToken] = []
  var rule: MergeRule = .scored([])
  var spacing: Spacing = .bytes
  /// Changes of the text before it is cut, but for the spaces of `spacing`.
  var normalization: [Normalization] = []
  /// Whether U+2581 is written before added tokens of normalised text are looked for.
  var normalizesSpaces = false
  /// How text is cut: in several steps, or where there are none by `splitting`.
  var steps: [SplitStep] = []
  var splitting: Splitting = .unspanned
  var spacePrefix: SpacePrefix = .none
  /// Whether decoding drops the first space.
  var dropsFirstSpace = false
  /// Whether a word that is a token stays whole, whatever the merges say.
  var ignoresMerges = false
  /// Whether the model's own tokenizer composes text, NFC, which llama.cpp leaves out.
  var originComposes = false
  /// Whether a word of line feeds alone that is a token stays whole.
  var keepsNewlines = false
  /// One token a byte, or -1.
  var byteTokens = [Int32](repeating: -1, count: 256)
  var unknown: Int32?
  var fusesUnknown = false
  var bos: Int32?
  var eos: Int32?
  var addsBOS = false
  var addsEOS = false
  /// Ids that the file names as ends besides `eos`.
  var ends: Set<Int32> = []
  /// The template's source; nil when the file has none.
  public var chatTemplate: String?

  /// What a user should know of the file, a line each.
  public var warnings: [String] = []

  init(file: String) { self.file = file }

  func error(
    _ kind: SparrowError.Kind, _ field: String, _ found: String, expected: String = ""
  ) -> SparrowError {
    SparrowError(kind, file: file, field: field, found: found, expected: expected)
  }

  /// Checks what all files share and makes tokens findable, of those that merging does not make the
  /// `shared` ones; `kinds` and `vocabulary` are filled.
  mutating func finishVocabulary(shared: Set<Int>? = nil) throws(SparrowError) {
    guard vocabulary.count > 0 else { throw error(.malformed, "vocabulary", "no tokens") }
    guard vocabulary.fits else { throw error(.malformed, "vocabulary", "more than 4 GiB of text") }
    let kinds = kinds
    let twins = vocabulary.index(
      { kinds[$0].isMergeable }, then: { shared?.contains($0) ?? (kinds[$0] == .userDefined) })
    if let (first, second) = twins {
      throw error(
        .malformed, "token \(second)", "the same text as token \(first)",
        expected: "each token once")
    }
  }

  /// Checks that an id names a token.
  func checked(_ id: Int, _ field: String) throws(SparrowError) -> Int32 {
    guard id >= 0, id < vocabulary.count else {
      throw error(
        .malformed, field, "token \(id)", expected: "an id below \(vocabulary.count)")
    }
    return Int32(id)
  }

  /// Gives every byte its token: of one byte's text for byte-level vocabularies, `<0x..>` for
  /// others.
  mutating func findByteTokens() {
    switch spacing {
    case .bytes:
      for byte in 0..<256 { byteTokens[byte] = vocabulary.id(of: [UInt8(byte)]) ?? -1 }
    case .marked:
      for id in kinds.indices where kinds[id] == .byte {
        byteTokens[Int(vocabulary.bytes(of: Int32(id)).first ?? 0)] = Int32(id)
      }
    }
  }

  /// The byte that a text such as `<0x0A>` names.
  static func byte(named text: some Collection<UInt8>) -> UInt8? {
    guard text.count == 6, text.starts(with: "<0x".utf8) else { return nil }
    let digits = text.dropFirst(3)
    guard let last = digits.dropFirst(2).first, last == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: digits.prefix(2), as: UTF8.self), radix: 16)
  }

  /// `text` with a space for every U+2581.
  static func unmarked(_ text: some Collection<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    for byte in text {
      out.append(byte)
      let count = out.count
      if byte == 0x81, count >= 3, out[count - 2] == 0x96, out[count - 3] == 0xE2 {
        out.removeLast(3)
        out.append(UInt8(ascii: " "))
      }
    }
    return out
  }

  /// Appends one token, whose text is read as that of its kind or of another.
  mutating func append(
    _ text: some Collection<UInt8>, _ kind: TokenKind, readAs: TokenKind? = nil
  ) -> Bool {
    // Byte-level vocabularies have no byte tokens beside their alphabet.
    let kind = kind == .byte && spacing == .bytes ? .normal : kind
    kinds.append(kind)
    let readAs = readAs ?? kind
    switch readAs {
    case .byte:
      guard let byte = Self.byte(named: text) else { return false }
      vocabulary.append(CollectionOfOne(byte))
      return true
    case .control, .unknown:
      vocabulary.append(Array(text))
      return true
    case .normal, .unused, .userDefined:
      if spacing == .marked {
        vocabulary.append(Self.unmarked(text))
        return true
      }
      var bytes: [UInt8] = []
      if readAs != .userDefined, ByteAlphabet.decode(text, into: &bytes) {
        vocabulary.append(bytes)
      } else {
        // Text outside the alphabet that no word can reach: kept for decoding.
        if kind == .normal { kinds[kinds.count - 1] = .userDefined }
        vocabulary.append(Array(text))
      }
      return true
    }
  }
}
