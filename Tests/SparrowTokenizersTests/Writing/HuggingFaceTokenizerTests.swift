import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// GGUF tokenizers written as `tokenizer.json` and read again, against the ids of the reference
/// libraries.
@Suite struct HuggingFaceTokenizerTests {
  private func written(_ source: StubMetadata) throws -> Tokenizer {
    let files = try HuggingFaceTokenizer(gguf: source, file: "test.gguf")
    let json = try JSON.parse(Array(files.tokenizer.text().utf8), file: "tokenizer.json")
    return try Tokenizer(
      TokenizerDescription(
        tokenizerJSON: json, config: files.configuration, file: "tokenizer.json"))
  }

  /// The metadata that a converter makes of a `tokenizer.json`.
  private func metadata(_ name: String, pre: String) throws -> StubMetadata {
    let json = try JSON.parse(
      MappedFile(path: Fixtures.path("tokenizers/\(name)/tokenizer.json")))
    var texts: [Int: String] = [:]
    var types: [Int: Int] = [:]
    for (text, id) in json["model"]!["vocab"]!.members! { texts[id.int!] = text }
    for token in json["added_tokens"]!.array! {
      let id = token["id"]!.int!
      texts[id] = token["content"]!.string!
      types[id] = token["special"]!.bool! ? 3 : 4
    }
    let ids = 0...texts.keys.max()!
    let merges = json["model"]!["merges"]!.array!.map { merge in
      merge.string ?? merge.array!.map { $0.string! }.joined(separator: " ")
    }
    return StubMetadata([
      "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": .string(pre),
      "tokenizer.ggml.tokens": .array(ids.map { .string(texts[$0] ?? "[PAD\($0)]") }),
      "tokenizer.ggml.token_type": .array(ids.map { .integer(types[$0] ?? 1) }),
      "tokenizer.ggml.merges": .array(merges.map { .string($0) }),
      "tokenizer.ggml.add_bos_token": false,
    ])
  }

  @Test(
    arguments: [
      ("gpt2", "gpt-2"), ("smollm2", "smollm"), ("llama3", "llama-bpe"), ("qwen2", "qwen2"),
      ("qwen35", "qwen35"),
    ])
  func byteLevelVocabulariesGiveTheReferencesIDs(name: String, pre: String) throws {
    let tokenizer = try written(metadata(name, pre: pre))
    for item in try TokenizerFixture(named: name).cases {
      let found = tokenizer.encode(item.text, addSpecial: false, parseSpecial: true)
      #expect(found == item.plainIDs, "\(item.text.debugDescription)")
    }
  }

  @Test func sentencePieceGivesTheLibrarysIDs() throws {
    let path = Fixtures.path("tokenizers/sentencepiece/sentencepiece.json")
    let json = try JSON.parse(MappedFile(path: path))
    let tokenizer = try written(StubMetadata(json))
    #expect(tokenizer.addsBOS && tokenizer.bos == 1 && tokenizer.eos == 2)
    for item in json["cases"]!.array! {
      let (text, ids) = (item.array![0].string!, item.array![1].ids)
      #expect(tokenizer.encode(text, addSpecial: false) == ids, "\(text.debugDescription)")
    }
  }

  @Test func startAndEndTokensStandAround() throws {
    var source = try metadata("llama3", pre: "llama-bpe")
    for (key, value) in [
      "add_bos_token": true, "add_eos_token": true, "bos_token_id": 3, "eos_token_id": 4,
    ] as [String: JSON] {
      source.values["tokenizer.ggml." + key] = value
    }
    source.values["tokenizer.chat_template"] = "{{ bos_token }}"
    let tokenizer = try written(source)
    let ids = tokenizer.encode("a")
    #expect(ids.first == 3 && ids.last == 4 && ids.count == 3)
    #expect(tokenizer.chatTemplate != nil)
  }

  @Test func textsThatJSONCannotHoldAreRefused() throws {
    var source = try metadata("gpt2", pre: "gpt-2")
    var types = source.values["tokenizer.ggml.token_type"]!.array!
    var tokens = source.values["tokenizer.ggml.tokens"]!.array!
    for _ in 0..<2 {
      tokens.append("<twin>")
      types.append(3)
    }
    source.values["tokenizer.ggml.tokens"] = .array(tokens)
    source.values["tokenizer.ggml.token_type"] = .array(types)
    #expect(throws: SparrowError.self) {
      try HuggingFaceTokenizer(gguf: source, file: "test.gguf")
    }
  }
}
