internal import SparrowCore
internal import SparrowFormats
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

  /// The tokens after which generation stops: the tokenizer's, and those of
  /// `generation_config.json`.
  func endTokens(_ tokenizer: Tokenizer) throws(SparrowError) -> Set<Int32> {
    var ends = tokenizer.endTokens
    guard kind == .huggingFace, let config = try json(named: "generation_config.json") else {
      return ends
    }
    let listed = config["eos_token_id"]
    for id in listed?.array ?? listed.map({ [$0] }) ?? [] where !id.isNull {
      guard let id = id.int, id >= 0, id < tokenizer.vocabularySize else {
        throw SparrowError(
          .malformed, file: path, field: "generation_config.json: eos_token_id",
          found: id.text(), expected: "ids below \(tokenizer.vocabularySize)")
      }
      ends.insert(Int32(id))
    }
    return ends
  }

  private func tokenizerDescription() throws(SparrowError) -> TokenizerDescription {
    if let metadata { return try TokenizerDescription(gguf: metadata, file: path) }
    let config = try json(named: "tokenizer_config.json")
    var description: TokenizerDescription
    if let tokenizer = try json(named: "tokenizer.json") {
      description = try TokenizerDescription(
        tokenizerJSON: tokenizer, config: config, file: path + "/tokenizer.json")
    } else if let vocabulary = try json(named: "vocab.json"),
      let merges = try text(named: "merges.txt")
    {
      description = try TokenizerDescription(
        vocabularyJSON: vocabulary, merges: merges, config: config, file: path + "/vocab.json")
    } else {
      throw SparrowError(
        .system, file: path, found: "no tokenizer",
        expected: "tokenizer.json, or vocab.json and merges.txt, beside the weights")
    }
    if let template = try text(named: "chat_template.jinja") {
      description.chatTemplate = template
    }
    return description
  }
}
