import SparrowCore
import SparrowTestSupport
import SparrowTokenizers
import Testing

@testable import SparrowTraining

@Suite struct DocumentBoundaryTests {
  private func boundary(_ tokenizer: Tokenizer) throws -> String {
    let id = try #require(tokenizer.documentBoundary)
    return String(decoding: tokenizer.bytes(of: id), as: UTF8.self)
  }

  @Test func isTheStartTokenThatTextsGet() throws {
    #expect(try boundary(TrainingTokenizer.make(nil, from: "llama2")) == "<s>")
  }

  @Test func isTheEndTokenWhereNothingElseIsKnown() throws {
    #expect(try boundary(TrainingTokenizer.make()) == "<|end|>")
  }

  @Test func isThatOfPretrainingWhereTheEndTokenEndsTurns() throws {
    let text = try Files.read(Fixtures.path("tokenizers/smollm2/tokenizer.json"))
    let renamed = String(decoding: text, as: UTF8.self).replacing("<|end|>", with: "<|endoftext|>")
    let description = try TokenizerDescription(
      tokenizerJSON: JSON.parse(renamed), config: ["eos_token": "<tool>"], file: "chat")
    #expect(try boundary(Tokenizer(description)) == "<|endoftext|>")
  }
}
