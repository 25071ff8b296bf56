import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowHub

struct EmbedTests {
  private let path = EncoderFixture.path

  @Test("each text is a line of numbers, each line of standard input a text")
  func lines() throws {
    let texts = try ProgramTests.run(["embed", path, "--text", "a bird", "--text", "roofs"])
    #expect(texts.status == 0, "\(texts.complaint)")
    let lines = texts.outputText.split(separator: "\n")
    #expect(lines.count == 2 && lines.allSatisfy { $0.split(separator: " ").count == 32 })
    let piped = try ProgramTests.shell(
      #"printf 'a bird\r\nroofs' | "$@""#, ["embed", path, "--threads", "1"])
    #expect(piped.outputText == texts.outputText)
  }

  @Test func json() throws {
    let result = try ProgramTests.run(["embed", path, "--text", "a bird", "--json"])
    let json = try JSON.parse(result.output)
    #expect(json["dimension"]?.int == 32)
    let first = json["embeddings"]?.array?.first
    #expect(first?["text"]?.string == "a bird" && first?["vector"]?.array?.count == 32)
  }

  @Test(
    "what runs decoders refuses an encoder in a line",
    arguments: [
      ["generate", "--prompt", "a"], ["perplexity", "--text", EncoderFixture.path + "/vocab.txt"],
      ["export", "--output", "/tmp/never"],
    ])
  func refused(line: [String]) throws {
    let result = try ProgramTests.run([line[0], path] + line[1...])
    #expect(result.status == 1 && result.complaint.contains("expected a decoder; sparrow embed"))
  }
}
