internal import SparrowCore
internal import SparrowFormats
package import SparrowTemplates
package import SparrowTokenizers

extension Checkpoint {
  /// The tokenizer that came with the weights: in the GGUF file's metadata, or beside the weights
  /// as `tokenizer.json`, or as GPT-2's `vocab.json` and `merges.txt`; with `chatTemplate` in place
  /// of its own.
  ///
  /// Throws `.system` where there is none, and what reading it throws.
  package func tokenizer(
    chatTemplate: ChatTemplate? = nil
  ) throws(SparrowError) -> Tokenizer {
    try Tokenizer(tokenizerDescription(), chatTemplate: chatTemplate)
  }

  /// The tokenizer of an encoder: `tokenizer.json`, or `vocab.txt` and `tokenizer_config.json`.
  ///
  /// Throws `.system` where there is neither, and what reading them throws.
  func wordPieceTokenizer() throws(SparrowError) -> WordPieceTokenizer {
    if let json = try json(named: "tokenizer.json") {
      return try WordPieceTokenizer(tokenizerJSON: json, file: path + "/tokenizer.json")
    }
    guard let vocabulary = try text(named: "vocab.txt") else {
      throw SparrowError(
        .system, file: path, found: "no tokenizer",
        expected: "tokenizer.json or vocab.txt beside the weights")
    }
    return try WordPieceTokenizer(
      vocabulary: vocabulary, config: try json(named: "tokenizer_config.json"),
      file: path + "/vocab.txt")
  }

  /// The tokens after which generation stops: the tokenizer's, and those of
  /// `generation_config.json`, or where there is no such file of `config.json`, as transformers
  /// takes them.
  func endTokens(_ tokenizer: Tokenizer) throws(SparrowError) -> Set<Int32> {
    var ends = tokenizer.endTokens
    guard kind == .huggingFace else { return ends }
    let generation = try json(named: "generation_config.json")
    let listed =
      generation != nil
      ? generation?["eos_token_id"]
      : config?["eos_token_id"] ?? config?["text_config"]?["eos_token_id"]
    for id in listed?.array ?? listed.map({ [$0] }) ?? [] where !id.isNull {
      if let id = id.int, id >= 0, id < tokenizer.vocabularySize {
        ends.insert(Int32(id))
      } else if generation != nil {
        throw SparrowError(
          .malformed, file: path, field: "generation_config.json: eos_token_id",
          found: id.text(), expected: "ids below \(tokenizer.vocabularySize)")
      }
      // A configuration of weights alone may name tokens of a vocabulary that its tokenizer cuts
      // short.
    }
    return ends
  }

  private func tokenizerDescription() throws(SparrowError) -> TokenizerDescription {
    if let metadata { return try TokenizerDescription(gguf: metadata, file: path) }
    var files = TokenizerFiles()
    files.tokenizer = try json(named: "tokenizer.json")
    files.config = try json(named: "tokenizer_config.json")
    files.specialTokens = try json(named: "special_tokens_map.json")
    files.addedTokens = try json(named: "added_tokens.json")
    files.modelType = config?["model_type"]?.string
    if files.tokenizer == nil {
      files.vocabulary = try json(named: "vocab.json")
      files.merges = try text(named: "merges.txt")
      files.sentencePiece = try file(named: "tokenizer.model").map { file in
        withExtendedLifetime(file) { Array(file.bytes) }
      }
    }
    var description = try TokenizerDescription(files, folder: path)
    if let template = try text(named: "chat_template.jinja") {
      description.chatTemplate = template
    }
    return description
  }
}
