import SparrowCore
import SparrowTestSupport
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
    json.values["tokenizer.ggml.token_type"] = [2, 3, 3, 4, 4, 1]
    let taken = try Tokenizer(TokenizerDescription(gguf: json, file: "stub"))
    #expect(taken.endTokens == [2, 3, 4, 5] && taken.kind(of: 3) == .control)
  }

  @Test func whereTurnsAreReturnedMessagesEndNothing() throws {
    var json = StubMetadata.small
    json.values["tokenizer.ggml.tokens"] = [
      "<unk>", "<s>", "</s>", "<|end|>", "<|return|>", "<|call|>",
    ]
    json.values["tokenizer.ggml.token_type"] = [2, 3, 3, 3, 3, 3]
    json.values["tokenizer.ggml.scores"] = [0, 0, 0, 0, 0, 0]
    let tokenizer = try Tokenizer(TokenizerDescription(gguf: json, file: "stub"))
    #expect(tokenizer.endTokens == [2, 4, 5])
  }

  @Test func repeatedWordsComeFromTheCacheUnchanged() throws {
    let tokenizer = try tokenizer("gpt2")
    var random = SeededRandom(seed: 5)
    // More different words than the cache has places, many of them beginnings of others.
    let words = (0..<6000).map { _ in
      " "
        + String(
          decoding: (0..<(1 + random.next() % 6)).map { _ in
            [UInt8]("theandio".utf8)[Int(random.next() % 8)]
          }, as: UTF8.self)
    }
    let together = tokenizer.encode(words.joined())
    #expect(together == words.flatMap { tokenizer.encode($0) })
  }

  /// Pieces that normalising copies come and go; the others stay, and their words are remembered.
  @Test(arguments: ["gemma", "metaspace", "mistral", "qwen2", "qwen35"])
  func wordsAreRememberedAcrossPieces(name: String) throws {
    let tokenizer = try tokenizer(name)
    var random = SeededRandom(seed: 6)
    let words = [" the", " and", "e\u{301}t", " \u{2581}", " theandio", "caf\u{e9}", " 12", "ing "]
    let pieces = (0..<600).map { _ in
      (0..<(1 + random.next() % 9)).map { _ in words[Int(random.next() % 8)] }.joined()
    }
    let marked = pieces.map { "<tool>" + $0 }
    let together = tokenizer.encode(marked.joined(), addSpecial: false)
    #expect(together == marked.flatMap { tokenizer.encode($0, addSpecial: false) })
  }

  @Test(arguments: ["gpt2", "llama2", "sentencepiece"])
  func theHeapMergesAsTheScanDoes(name: String) throws {
    let description: TokenizerDescription
    if name == "sentencepiece" {
      let json = try JSON.parse(
        MappedFile(path: Fixtures.path("tokenizers/sentencepiece/sentencepiece.json")))
      description = try TokenizerDescription(gguf: StubMetadata(json), file: name)
    } else {
      description = try TokenizerFixture(named: name).tokenizer.description
    }
    var scan = Merger(description.vocabulary, description.rule, scanned: .max)
    var heap = Merger(description.vocabulary, description.rule, scanned: 0)
    var random = SeededRandom(seed: 9)
    for _ in 0..<100 {
      let text = (0..<60).map { _ in [UInt8]("theandofin ".utf8)[Int(random.next() % 11)] }
      let found = merge(text, description.vocabulary, &heap)
      #expect(found == merge(text, description.vocabulary, &scan))
      #expect(found.count < 60)
    }
  }

  private func merge(
    _ text: [UInt8], _ vocabulary: Vocabulary, _ merger: inout Merger
  ) -> [Int32] {
    merger.reset()
    for (index, byte) in text.enumerated() {
      merger.append(vocabulary.id(of: [byte]) ?? -1, start: index, end: index + 1)
    }
    text.withUnsafeBufferPointer { merger.merge($0) }
    var ids: [Int32] = []
    var place = 0
    while place >= 0 {
      let symbol = merger.result(place)
      ids.append(symbol.id)
      place = symbol.next
    }
    return ids
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
