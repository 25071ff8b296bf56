public import SparrowCore

extension TokenizerDescription {
  private static let prefix = "tokenizer.ggml."

  /// Reads `tokenizer.ggml.*`: models "gpt2" (byte-level merges), "gemma4" (merges of characters)
  /// and "llama" (SentencePiece's scores).
  ///
  /// Throws `.unsupported` for other models and pre-tokenisers, `.malformed` and `.mismatch` for
  /// arrays that are missing, too short or name unknown tokens.
  public init(gguf source: some GGUFTokenizerSource, file: String) throws(SparrowError) {
    self.init(file: file)
    guard let model = source.string(Self.prefix + "model") else {
      throw error(.malformed, Self.prefix + "model", "no such text", expected: Self.models)
    }
    switch model {
    case "gpt2", "gemma4":
      try readPreTokenizer(source, model: model)
      try readTokens(source)
      try readMerges(source)
    case "llama":
      spacing = .marked
      normalizesSpaces = true
      spacePrefix = source.bool(Self.prefix + "add_space_prefix") ?? true ? .always : .none
      dropsFirstSpace = spacePrefix == .always
      addsBOS = true
      fusesUnknown = false
      try readTokens(source)
      try readScores(source)
    default:
      let kinds = [
        "bert": "WordPiece", "t5": "a unigram model", "rwkv": "RWKV's words",
        "plamo2": "PLaMo's own", "whitespace": "words as they are", "hybriddna": "DNA",
      ]
      throw error(
        .unsupported, Self.prefix + "model",
        "tokenizer model '\(model)'" + (kinds[model].map { ", \($0)" } ?? ""),
        expected: Self.models)
    }
    findByteTokens()
    try readSpecial(source)
    readStripping(source)
  }

  private static let models = "gpt2, gemma4 or llama"

  private mutating func readPreTokenizer(
    _ source: some GGUFTokenizerSource, model: String
  ) throws(SparrowError) {
    let key = Self.prefix + "pre"
    let named = model == "gemma4" ? model : source.string(key)
    if named == nil {
      warnings.append(
        "\(file): no \(key), so the default pre-tokenizer: text is cut otherwise than in training, "
          + "and answers suffer; convert the model anew")
    }
    guard let rule = GGUFPreTokenizer.named(named ?? "default") else {
      throw error(
        .unsupported, key, "pre-tokenizer '\(named ?? "")'",
        expected: "one of " + GGUFPreTokenizer.names.joined(separator: ", "))
    }
    splitting = rule.splitting ?? .unspanned
    for expression in rule.expressions {
      steps.append(SplitStep(.expression(try TextExpression(expression, file: file))))
    }
    ignoresMerges = rule.ignoresMerges
    addsBOS = rule.addsBOS
    spacing = rule.isMarked ? .marked : .bytes
    normalizesSpaces = rule.isMarked
    originComposes =
      named.map { $0.hasPrefix("qwen") || $0 == "deepseek-r1-qwen" } ?? false
    // Lines of nothing but their ends are tokens whole, whatever the merges say.
    keepsNewlines = named == "gemma4"
  }

  /// Phi-3's marks swallow the white space after them, which no key of GGUF says.
  private mutating func readStripping(_ source: some GGUFTokenizerSource) {
    let name = (source.string("general.name") ?? "").lowercased().utf8
    guard name.contains("phi-3".utf8) || name.contains("phi3".utf8) else { return }
    let others = ["<unk>", "<s>", "<|endoftext|>"].map { Array($0.utf8) }
    for index in added.indices {
      added[index].stripsRight = !others.contains(added[index].text)
    }
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
      var kind = types.flatMap { TokenKind(rawValue: UInt8(truncatingIfNeeded: $0[id])) } ?? .normal
      // As llama.cpp has it: some converters took the marks that end turns for text.
      if kind == .userDefined, Self.endTexts.contains(where: { $0.elementsEqual(bytes) }) {
        kind = .control
      }
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
    // Where text is merged by rank it is covered but for missing bytes, which every reader drops.
    let isScored = if case .scored = rule { true } else { false }
    unknown = isScored ? try id("unknown_token_id") : nil
    if isScored {
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
