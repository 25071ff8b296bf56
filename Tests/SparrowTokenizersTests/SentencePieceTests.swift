import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// A SentencePiece vocabulary as GGUF stores it, against the ids of the library.
@Suite struct SentencePieceTests {
  @Test func matchesTheLibrary() throws {
    try check(Fixtures.path("tokenizers/sentencepiece/sentencepiece.json"))
  }

  @Test(
    .enabled(if: environment("SPARROW_SENTENCEPIECE_CASES") != nil))
  func manyTexts() throws {
    let path = try #require(environment("SPARROW_SENTENCEPIECE_CASES"))
    print("\(path): \(try check(path)) texts")
  }

  @discardableResult
  private func check(_ path: String) throws -> Int {
    let json = try JSON.parse(MappedFile(path: path))
    let tokenizer = try Tokenizer(TokenizerDescription(gguf: StubMetadata(json), file: path))
    #expect(tokenizer.addsBOS)
    let cases = json["cases"]!.array!
    for item in cases {
      let (text, ids) = (item.array![0].string!, item.array![1].ids)
      let found = tokenizer.encode(text, addSpecial: false)
      #expect(found == ids, "\(text.debugDescription)")
      // The marks of a text come back as the spaces that they stand for.
      let plain = TokenizerDescription.unmarked(text.utf8)
      #expect(tokenizer.decode(ids).utf8.elementsEqual(plain), "\(text.debugDescription)")
    }
    return cases.count
  }
}
