public import SparrowCore

extension TokenizerDescription {
  private static let prefix = "tokenizer.ggml."

  /// Reads `tokenizer.ggml.*`: models "gpt2" (byte-level merges) and "llama" (SentencePiece's scores).
  ///
  /// Throws `.unsupported` for other models and pre-tokenisers, `.malformed` and `.mismatch` for arrays
  /// that are missing, too short or name unknown tokens.
  public init(gguf source: some GGUFTokenizerSource, file: String) throws(SparrowError) {
    self.init(file: file)
    guard let model = source.string(Self.prefix + "model") else {
      throw error(.malformed, Self.prefix + "model", "no such text", expected: "gpt2 or llama")
    }
    switch model {
    case "gpt2":
      try readPreTokenizer(source)
      spacing = .bytes
      try readTokens(source)
      try readMerges(source)
    case "llama":
      spacing = .marked
      spacePrefix = source.bool(Self.prefix + "add_space_prefix") ?? true ? .always : .none
      dropsFirstSpace = spacePrefix == .always
      addsBOS = true
      fusesUnknown = false
      try readTokens(source)
      try readScores(source)
    default:
      throw error(
        .unsupported, Self.prefix + "model", "tokenizer model '\(model)'",
        expected: "gpt2 or llama")
    }
    findByteTokens()
    try readSpecial(source)
  }

  private mutating func readPreTokenizer(
    _ source: some GGUFTokenizerSource
  ) throws(SparrowError) {
    let name = source.string(Self.prefix + "pre") ?? "default"
    guard let rule = Splitting(gguf: name) else {
      throw error(
        .unsupported, Self.prefix + "pre", "pre-tokenizer '\(name)'",
        expected: "gpt-2, smollm, llama-bpe or qwen2; convert the model anew where it is 'default'")
    }
    splitting = rule
    ignoresMerges =
      rule == .llama3(digits: 3, marks: false) && name != "dbrx" && name != "smaug-bpe"
    addsBOS = ignoresMerges
    composes = name.hasPrefix("qwen") || name == "deepseek-r1-qwen"
  }

  private mutating func readTokens(_ source: some GGUFTokenizerSource) throws(SparrowError) {
    let key = Self.prefix + "tokens"
    guard let count = source.stringCount(key) else {
      throw error(.malformed, key, "no array of strings", expected: "the vocabulary")
    }
    guard count > 0, count <= Vocabulary.maximumCount else {
      throw error(
        .malformed, key, "\(count) tokens", expected: "1 to \(Vocabulary.maximumCount)")
    }
    let types = source.ints(Self.prefix + "token_type")
    if let types, types.count != count {
      throw error(
        .mismatch, Self.prefix + "token_type", "\(types.count) types",
        expected: "\(count), one a token")
    }
    vocabulary = Vocabulary(reserving: count)
    kinds.reserveCapacity(count)
    var isGood = true
    source.forEachString(key) { bytes in
      let id = kinds.count
      let kind = types.flatMap { TokenKind(rawValue: UInt8(truncatingIfNeeded: $0[id])) } ?? .normal
      isGood = append(bytes, kind)
      if kind == .control || kind == .userDefined || kind == .unknown {
        added.append(
          AddedToken(id: Int32(id), text: Array(bytes), isSpecial: kind != .userDefined))
      }
      return isGood
    }
    guard isGood else {
      throw error(
        .malformed, "token \(kinds.count - 1)", "a byte token of another form",
        expected: "<0x00> to <0xFF>")
    }
    try finishVocabulary()
  }

  private mutating func readScores(_ source: some GGUFTokenizerSource) throws(SparrowError) {
    let key = Self.prefix + "scores"
    guard let scores = source.floats(key) else {
      throw error(.malformed, key, "no array of numbers", expected: "one score a token")
    }
    guard scores.count == vocabulary.count else {
      throw error(
        .mismatch, key, "\(scores.count) scores", expected: "\(vocabulary.count), one a token")
    }
    guard !scores.contains(where: \.isNaN) else {
      throw error(.malformed, key, "a score that is no number")
    }
    rule = .scored(scores.map(MergeRule.priority))
  }

  private mutating func readMerges(_ source: some GGUFTokenizerSource) throws(SparrowError) {
    let key = Self.prefix + "merges"
    guard let count = source.stringCount(key) else {
      throw error(.malformed, key, "no array of strings", expected: "the merges")
    }
    guard count <= Vocabulary.maximumCount else {
      throw error(.malformed, key, "\(count) merges")
    }
    var builder = MergeReader(self, count: count)
    var isGood = true
    source.forEachString(key) { bytes in
      isGood = builder.append(bytes)
      return isGood
    }
    guard isGood else { throw builder.error(key) }
    rule = .ranked(builder.table)
  }

  private mutating func readSpecial(_ source: some GGUFTokenizerSource) throws(SparrowError) {
    func id(_ name: String) throws(SparrowError) -> Int32? {
      guard let id = source.int(Self.prefix + name) else { return nil }
      // Absent ids are written as 2^32 - 1 by some converters.
      return id == 0xFFFF_FFFF || id == -1 ? nil : try checked(id, Self.prefix + name)
    }
    bos = try id("bos_token_id")
    eos = try id("eos_token_id")
    // Byte-level vocabularies cover all text but for missing bytes, which every reader drops.
    unknown = spacing == .bytes ? nil : try id("unknown_token_id")
    if spacing == .marked {
      // The defaults of GGUF's "llama" model.
      if vocabulary.count > 2 {
        bos = bos ?? 1
        eos = eos ?? 2
      }
      unknown = unknown ?? 0
    }
    for name in ["eot_token_id", "eom_token_id"] {
      if let end = try id(name) { ends.insert(end) }
    }
    addsBOS = source.bool(Self.prefix + "add_bos_token") ?? addsBOS
    addsEOS = source.bool(Self.prefix + "add_eos_token") ?? false
    chatTemplate = source.string("tokenizer.chat_template")
  }
}
