import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

@Suite struct WordPieceTests {
  private let fixture: EncoderFixture
  private let json: JSON
  private let words: JSON

  init() throws {
    fixture = try EncoderFixture()
    json = try JSON.parse(MappedFile(path: EncoderFixture.path + "/tokenizer.json"))
    words = try JSON.parse(MappedFile(path: EncoderFixture.path + "/tokenizer_config.json"))
  }

  @Test func tokensEqualPythonsTokenizers() throws {
    let tokenizer = try WordPieceTokenizer(tokenizerJSON: json, file: "tokenizer.json")
    for one in fixture.cases {
      #expect(tokenizer.encode(one.text) == one.tokens, "\(one.text)")
    }
  }

  @Test("a vocabulary alone gives the same tokens, whatever ends its lines", arguments: ["", "\r"])
  func vocabularyFile(ending: String) throws {
    let file = try MappedFile(path: EncoderFixture.path + "/vocab.txt")
    let lines = String(decoding: file.bytes, as: UTF8.self).split(separator: "\n")
    let tokenizer = try WordPieceTokenizer(
      vocabulary: lines.map { "\($0)\(ending)\n" }.joined(), config: words, file: "vocab.txt")
    for one in fixture.cases {
      #expect(tokenizer.encode(one.text) == one.tokens, "\(one.text)")
    }
  }

  @Test func namesOfControlTokensAreText() throws {
    let tokenizer = try WordPieceTokenizer(tokenizerJSON: json, file: "tokenizer.json")
    #expect(tokenizer.encode("[SEP]").filter { $0 == 3 }.count == 1)
  }

  @Test("capitals and accents stay where the model knows them")
  func cased() {
    let splitting = WordSplitting(stripsAccents: false, lowercases: false)
    #expect(splitting.words(of: "Été, 鳥A") == ["Été", ",", "鳥", "A"].map { Array($0.utf8) })
  }

  @Test(
    "a description that breaks a rule is refused",
    arguments: [
      "{}", #"{"model": {"type": "BPE"}}"#,
      #"{"model": {"type": "WordPiece"}, "normalizer": {"type": "Lowercase"}}"#,
    ])
  func malformed(text: String) {
    #expect(throws: SparrowError.self) {
      try WordPieceTokenizer(tokenizerJSON: JSON.parse(text), file: "tokenizer.json")
    }
    #expect(throws: SparrowError.self) {
      try WordPieceTokenizer(vocabulary: "", config: nil, file: "vocab.txt")
    }
    #expect(throws: SparrowError.self) {
      try WordPieceTokenizer(vocabulary: "[UNK]\n[CLS]\n", config: nil, file: "vocab.txt")
    }
  }

  @Test func damagedFilesThrowOrGiveTokensInRange() throws {
    let seed = try contents(of: EncoderFixture.path + "/tokenizer.json")
    var mutator = Mutator(seed: 18)
    for _ in 0..<200 {
      let damaged = String(decoding: mutator.mutate(seed), as: UTF8.self)
      guard let json = try? JSON.parse(damaged),
        let tokenizer = try? WordPieceTokenizer(tokenizerJSON: json, file: "tokenizer.json")
      else { continue }
      for one in fixture.cases {
        let range = 0..<Int32(tokenizer.vocabularySize)
        #expect(tokenizer.encode(one.text).allSatisfy(range.contains))
      }
    }
  }
}
