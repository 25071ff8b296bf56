import Testing

@testable import SparrowTokenizers

@Suite struct StreamingDecoderTests {
  @Test(arguments: ["gpt2", "llama2", "gemma"])
  func charactersComeWhole(name: String) throws {
    let tokenizer = try TokenizerFixture(named: name).tokenizer
    let text = "a \u{1F600}\u{00E9}\u{65E5} \u{1F468}\u{200D}\u{1F469} z"
    var stream = StreamingDecoder(tokenizer)
    var joined = ""
    for id in tokenizer.encode(text) {
      let piece = stream.append(id)
      #expect(!piece.unicodeScalars.contains("\u{FFFD}"))
      joined += piece
    }
    #expect(stream.finish().isEmpty)
    #expect(joined.utf8.elementsEqual(text.utf8))
  }

  @Test func unfinishedCharactersEndAsReplacements() throws {
    let tokenizer = try TokenizerFixture(named: "gpt2").tokenizer
    let ids = tokenizer.encode("\u{1F600}")
    var stream = StreamingDecoder(tokenizer)
    #expect(ids.dropLast().map { stream.append($0) }.joined().isEmpty)
    #expect(stream.finish() == "\u{FFFD}")
    #expect(stream.finish().isEmpty)
  }

  @Test func specialTokensAreSkippedOnRequest() throws {
    let tokenizer = try TokenizerFixture(named: "gpt2").tokenizer
    let ids = tokenizer.encode("a<|end|>b", parseSpecial: true)
    for (skips, expected) in [(true, "ab"), (false, "a<|end|>b")] {
      var stream = StreamingDecoder(tokenizer, skipSpecial: skips)
      #expect(ids.map { stream.append($0) }.joined() + stream.finish() == expected)
      #expect(tokenizer.decode(ids, skipSpecial: skips) == expected)
    }
  }

  @Test func aContinuationKeepsItsFirstSpace() throws {
    let tokenizer = try TokenizerFixture(named: "llama2").tokenizer
    let ids = tokenizer.encode("Paris", addSpecial: false)
    var fresh = StreamingDecoder(tokenizer)
    var continued = StreamingDecoder(tokenizer, continuing: true)
    #expect(ids.map { fresh.append($0) }.joined() == "Paris")
    #expect(ids.map { continued.append($0) }.joined() == " Paris")
  }
}
