public import SparrowCore

extension WordPieceTokenizer {
  /// Reads a `tokenizer.json` of WordPiece.
  ///
  /// Throws `.malformed` for a broken one, `.unsupported` for another model, normaliser, or what
  /// else would make other tokens.
  public init(tokenizerJSON json: JSON, file: String) throws(SparrowError) {
    self.init()
    func expect(_ part: String, _ type: String) throws(SparrowError) -> JSON {
      let found = json[part]?["type"]?.string
      guard found == type, let value = json[part] else {
        throw SparrowError(
          .unsupported, file: file, field: part, found: found.map { "'\($0)'" } ?? "nothing",
          expected: type)
      }
      return value
    }
    let model = try expect("model", "WordPiece")
    // Texts would be cut at these too.
    for token in json["added_tokens"]?.array ?? [] where token["special"]?.bool != true {
      throw SparrowError(
        .unsupported, file: file, field: "added_tokens",
        found: "'\(token["content"]?.string ?? "")'", expected: "special tokens only")
    }
    let normalizer = try expect("normalizer", "BertNormalizer")
    _ = try expect("pre_tokenizer", "BertPreTokenizer")
    let tokens = (model["vocab"]?.members ?? []).map { ($0.value.int ?? -1, $0.key) }
      .sorted { $0.0 < $1.0 }
    guard tokens.indices.allSatisfy({ tokens[$0].0 == $0 }) else {
      throw SparrowError(
        .malformed, file: file, field: "vocab", found: "ids with gaps, or twice the same",
        expected: "0 to \(tokens.count - 1), each once")
    }
    try fill(tokens.map(\.1), unknown: model["unk_token"]?.string ?? "[UNK]", file: file)
    continuation = Array((model["continuing_subword_prefix"]?.string ?? "##").utf8)
    longestWord = model["max_input_chars_per_word"]?.int ?? 100
    let lowercases = normalizer["lowercase"]?.bool ?? true
    splitting = WordSplitting(
      cleans: normalizer["clean_text"]?.bool ?? true,
      partsIdeographs: normalizer["handle_chinese_chars"]?.bool ?? true,
      stripsAccents: normalizer["strip_accents"]?.bool ?? lowercases, lowercases: lowercases)
    (prefix, suffix) = try frame(json["post_processor"] ?? .null, file: file)
  }

  /// Reads a `vocab.txt`, a token a line, with what `tokenizer_config.json` says of it.
  ///
  /// Throws `.malformed` where a special token is not in it.
  public init(vocabulary text: String, config: JSON?, file: String) throws(SparrowError) {
    self.init()
    func name(_ field: String, _ usual: String) -> String {
      config?[field]?.string ?? config?[field]?["content"]?.string ?? usual
    }
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    let tokens = lines.map { line in
      String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
    }
    try fill(tokens, unknown: name("unk_token", "[UNK]"), file: file)
    let lowercases = config?["do_lower_case"]?.bool ?? true
    splitting = WordSplitting(
      partsIdeographs: config?["tokenize_chinese_chars"]?.bool ?? true,
      stripsAccents: config?["strip_accents"]?.bool ?? lowercases, lowercases: lowercases)
    prefix = [try id(of: name("cls_token", "[CLS]"), file: file)]
    suffix = [try id(of: name("sep_token", "[SEP]"), file: file)]
  }

  private mutating func fill(
    _ tokens: [String], unknown name: String, file: String
  ) throws(SparrowError) {
    guard (1..<Vocabulary.maximumCount).contains(tokens.count) else {
      throw SparrowError(
        .malformed, file: file, field: "vocab", found: "\(tokens.count) tokens",
        expected: "1 to \(Vocabulary.maximumCount - 1)")
    }
    for token in tokens { vocabulary.append(token.utf8) }
    if let (first, second) = vocabulary.index({ _ in true }, then: { _ in false }) {
      throw SparrowError(
        .malformed, file: file, field: "vocab",
        found: "'\(tokens[first])' as \(first) and \(second)", expected: "each token once")
    }
    unknown = try id(of: name, file: file)
  }

  private func id(of token: String, file: String) throws(SparrowError) -> Int32 {
    guard let id = vocabulary.id(of: Array(token.utf8)) else {
      throw SparrowError(
        .malformed, file: file, field: "vocab", found: "no '\(token)'",
        expected: "the special tokens in it")
    }
    return id
  }

  /// What a post-processor puts before and behind a single text.
  private func frame(
    _ json: JSON, file: String
  ) throws(SparrowError) -> (prefix: [Int32], suffix: [Int32]) {
    func ids(_ list: [JSON?]) throws(SparrowError) -> [Int32] {
      var ids: [Int32] = []
      for value in list {
        guard let id = value?.int, (0..<vocabularySize).contains(id) else {
          throw SparrowError(
            .malformed, file: file, field: "post_processor", found: "a token without an id",
            expected: "ids of the vocabulary")
        }
        ids.append(Int32(id))
      }
      return ids
    }
    switch json["type"]?.string {
    case "BertProcessing":
      return (try ids([json["cls"]?.array?.last]), try ids([json["sep"]?.array?.last]))
    case "TemplateProcessing":
      let parts = json["single"]?.array ?? []
      guard let text = parts.firstIndex(where: { $0["Sequence"] != nil }) else { break }
      func tokens(_ parts: ArraySlice<JSON>) throws(SparrowError) -> [Int32] {
        try ids(
          parts.flatMap { part -> [JSON?] in
            let name = part["SpecialToken"]?["id"]?.string ?? ""
            return json["special_tokens"]?[name]?["ids"]?.array ?? [nil]
          })
      }
      return (try tokens(parts[..<text]), try tokens(parts[(text + 1)...]))
    default: break
    }
    throw SparrowError(
      .unsupported, file: file, field: "post_processor", found: json.isNull ? "none" : "another",
      expected: "TemplateProcessing or BertProcessing")
  }
}
