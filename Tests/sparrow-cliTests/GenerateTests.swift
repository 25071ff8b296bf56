import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowHub

/// Runs tiny random models through the program.
struct GenerateTests {
  static let model = Fixtures.path("models/smollm2")

  static func generate(_ arguments: String...) throws -> JSON {
    let outcome = try ProgramTests.run(
      ["generate", model, "--json", "--threads", "1", "--prompt", "a b"] + arguments)
    #expect(outcome.status == 0, "\(outcome.complaint)")
    return try JSON.parse(outcome.output)
  }

  @Test("the same seed gives the same tokens, another seed others")
  func seeds() throws {
    let random = ["--temperature", "2", "--top-k", "0", "--top-p", "1", "--min-p", "0"]
    func tokens(_ seed: String) throws -> [JSON]? {
      try Self.generate(
        "--max-tokens", "12", "--ignore-end", "--seed", seed, random[0], random[1], random[2],
        random[3], random[4], random[5], random[6], random[7])["tokens"]?.array
    }
    let first = try tokens("1")
    #expect(first?.count == 12)
    #expect(try tokens("1") == first)
    #expect(try tokens("2") != first)
  }

  @Test("the text is streamed, and the summary goes to standard error")
  func streams() throws {
    let text = try Self.generate("-n", "8", "--ignore-end")["text"]?.string
    let outcome = try ProgramTests.run(
      ["generate", Self.model, "-t", "1", "-p", "a b", "-n", "8", "--ignore-end"])
    #expect(outcome.outputText == (text ?? "") + "\n")
    #expect(outcome.complaint.hasPrefix("[8 tokens, "))
  }

  @Test("a context that the model lacks is refused")
  func context() throws {
    let outcome = try ProgramTests.run(
      ["generate", Self.model, "-p", "a", "--context", "100000000"])
    #expect(outcome.status == 2)
    #expect(outcome.complaint.contains("context: 100000000"))
  }

  @Test("bench and perplexity print what Benchmarks reads")
  func measures() throws {
    let bench = try ProgramTests.run([
      "bench", Self.model, "-t", "1", "--prompt", "16", "--generate", "4", "--repeat", "1",
      "--json",
    ])
    let report = try JSON.parse(bench.output)
    #expect((report["decode_tokens_per_second"]?["median"]?.double ?? 0) > 0)
    #expect((report["prefill_tokens_per_second"]?["median"]?.double ?? 0) > 0)
    #expect((report["bytes_per_token"]?.int ?? 0) > 0)
    #expect((report["read_bandwidth_gigabytes_per_second"]?.double ?? 0) > 0)
    let scored = try ProgramTests.run([
      "perplexity", Self.model, "-t", "1", "--text", #filePath, "--context", "16", "--chunks", "2",
      "--json",
    ])
    let estimate = try JSON.parse(scored.output)
    #expect((estimate["perplexity"]?.double ?? 0) > 1)
    #expect((estimate["error"]?.double ?? 0) > 0)
  }
}
