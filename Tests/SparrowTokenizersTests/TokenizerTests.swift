import SparrowCore
import Testing

@testable import SparrowTokenizers

@Suite struct TokenizerTests {
  private func tokenizer(_ name: String) throws -> Tokenizer {
    try TokenizerFixture(named: name).tokenizer
  }

  @Test func controlTokensComeOnlyFromTextThatMayHoldThem() throws {
    let tokenizer = try tokenizer("gpt2")
    let end = try #require(tokenizer.eos)
    let text = "a<|end|>b"
    #expect(tokenizer.encode(text, parseSpecial: true).contains(end))
    let plain = tokenizer.encode(text)
    #expect(!plain.contains(end))
    #expect(tokenizer.decode(plain) == text)
  }

  @Test(arguments: ["gpt2", "llama3", "mistral", "gemma"])
  func userDefinedTokensAreAlwaysMatched(name: String) throws {
    let tokenizer = try tokenizer(name)
    let id = try #require(
      (0..<Int32(tokenizer.vocabularySize)).first {
        tokenizer.kind(of: $0) == .userDefined
          && tokenizer.bytes(of: $0).elementsEqual("<tool>".utf8)
      })
    #expect(tokenizer.encode("x<tool>y").contains(id))
  }

  @Test func startTokens() throws {
    let with = try tokenizer("opt")
    let bos = try #require(with.bos)
    #expect(with.addsBOS)
    #expect(with.bosText == "<|end|>" && with.eosText == "<|end|>")
    #expect(with.encode("") == [bos])
    #expect(with.encode("", addSpecial: false) == [])
    let without = try tokenizer("gpt2")
    #expect(!without.addsBOS && without.bos == nil && without.bosText.isEmpty)
    #expect(without.encode("") == [])
  }

  @Test(arguments: [Int32.min, -1, 1 << 20, .max])
  func idsOutOfRangeAddNothing(id: Int32) throws {
    let tokenizer = try tokenizer("llama2")
    #expect(tokenizer.bytes(of: id).isEmpty && tokenizer.kind(of: id) == nil)
    #expect(tokenizer.decode([id]).isEmpty)
    var stream = StreamingDecoder(tokenizer)
    #expect(stream.append(id).isEmpty && stream.finish().isEmpty)
  }

  @Test func endTokensAreControlTokensOfKnownTexts() throws {
    var json = StubMetadata.small
    json.values["tokenizer.ggml.tokens"] = [
      "<unk>", "<s>", "</s>", "<|im_end|>", "<|eot_id|>", "a",
    ]
    json.values["tokenizer.ggml.token_type"] = [2, 3, 3, 3, 1, 1]
    json.values["tokenizer.ggml.scores"] = [0, 0, 0, 0, 0, 0]
    json.values["tokenizer.ggml.eot_token_id"] = 5
    let tokenizer = try Tokenizer(TokenizerDescription(gguf: json, file: "stub"))
    #expect(tokenizer.endTokens == [2, 3, 5])
  }

  @Test func wordsThatNothingCutsMergeAsShortOnesDo() throws {
    // The heap and the cache against the plain scan: the same word alone, and many times.
    for name in ["gpt2", "llama3", "llama2", "gemma"] {
      let tokenizer = try tokenizer(name)
      for word in [" theandthat", "\u{00E9}theinthe", "x1y22", "\t\t"] {
        let one = tokenizer.encode(word + "\n!", addSpecial: false)
        let many = tokenizer.encode(String(repeating: word + "\n!", count: 200), addSpecial: false)
        #expect(tokenizer.decode(many).hasSuffix(word + "\n!"))
        if name == "gpt2" || name == "llama3" {
          #expect(many == Array((0..<200).map { _ in one }.joined()))
        }
      }
      let long = String(repeating: "theinandofthat", count: 1_000)
      #expect(tokenizer.decode(tokenizer.encode(long, addSpecial: false)) == long)
    }
  }

  @Test func unreadableTemplatesAreToldLater() throws {
    var json = StubMetadata.small
    json.values["tokenizer.chat_template"] = "{% no such statement %}"
    let tokenizer = try Tokenizer(TokenizerDescription(gguf: json, file: "stub"))
    #expect(tokenizer.chatTemplate == nil && tokenizer.chatTemplateProblem != nil)
    json.values["tokenizer.chat_template"] = "{{ bos_token }}"
    #expect(try Tokenizer(TokenizerDescription(gguf: json, file: "stub")).chatTemplate != nil)
  }
}

extension StubMetadata {
  /// A SentencePiece vocabulary of five tokens.
  static var small: StubMetadata {
    StubMetadata([
      "tokenizer.ggml.model": "llama", "tokenizer.ggml.bos_token_id": 1,
      "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>", "\u{2581}", "a"],
      "tokenizer.ggml.token_type": [2, 3, 3, 1, 1], "tokenizer.ggml.scores": [0, 0, 0, -1, -2],
    ])
  }

  /// A byte-level vocabulary of five tokens.
  static var smallByteLevel: StubMetadata {
    StubMetadata([
      "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2",
      "tokenizer.ggml.tokens": ["a", "b", "\u{0120}", "ab", "<|end|>"],
      "tokenizer.ggml.token_type": [1, 1, 1, 1, 3], "tokenizer.ggml.merges": ["a b"],
      "tokenizer.ggml.eos_token_id": 4,
    ])
  }
}
