import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowHub

/// What stands behind an option, whatever it looks like.
struct OptionValueTests {
  static let model = Fixtures.path("models/smollm2")

  @Test(
    "a value that begins with a hyphen is a value",
    arguments: ["- a", "--", "-", "--json", "-n", "--prompt"], [true, false])
  func hyphens(text: String, joined: Bool) throws {
    func tokens(_ prompt: [String]) throws -> Int? {
      let outcome = try ProgramTests.shell(
        "exec \"$@\" </dev/null",
        ["generate", Self.model, "-t", "1", "-n", "2", "--stop", text, "--json"] + prompt)
      guard text != "-" || outcome.status != 2 else { return nil }
      #expect(outcome.status == 0, "\(outcome.complaint)")
      return try JSON.parse(outcome.output)["prompt_tokens"]?.int
    }
    let count = try tokens(joined ? ["--prompt=" + text] : ["--prompt", text])
    // A hyphen alone is standard input, which is empty.
    #expect(text == "-" ? count == nil : (count ?? 0) > 0)
  }

  @Test("a model given by its path needs no home")
  func homeless() throws {
    let outcome = try ProgramTests.shell("exec env -i \"$@\"", ["info", Self.model])
    #expect(outcome.status == 0)
    let missing = try ProgramTests.shell(
      "exec env -i \"$@\"", ["calibrate", "head", Self.model, "--text", "t"])
    #expect(missing.status == 1 && missing.complaint.contains("SPARROW_CACHE"))
  }

  @Test(
    "a number outside an option's range is wrong usage",
    arguments: [
      ("perplexity --text t --context", ["-1", "0", "7", "9223372036854775807"]),
      ("perplexity --text t --chunks", ["-2", "nan", "1.5", "9223372036854775808"]),
      ("bench --repeat", ["-1", "0", "9223372036854775807"]),
      ("bench --generate", ["-1", "0", "9223372036854775807"]),
      ("bench --prompt", ["-1", "9223372036854775807"]),
      ("bench --threads", ["-1", "257", "9223372036854775807"]),
      ("generate --prompt a --context", ["-1", "9223372036854775807", "100000"]),
      ("generate --prompt a --temperature", ["-1", "nan", "inf", "-inf", "1e39", ""]),
      ("generate --prompt a --top-p", ["-1", "0", "1.1", "nan"]),
      ("generate --prompt a --repetition-window", ["-1", "9223372036854775807"]),
      ("generate --prompt a --seed", ["-1", "18446744073709551616"]),
      ("evaluate --adapter a --text t --max-tokens", ["-1", "0"]),
      ("calibrate head --text t --tokens", ["-1", "0", "9223372036854775807"]),
      ("calibrate head --text t --candidates", ["-1", "0", "9223372036854775807"]),
    ])
  func edges(command: String, values: [String]) throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("t", String(repeating: "a b c ", count: 100))
    let words = command.split(separator: " ").map { $0 == "t" ? text : String($0) }
    for value in values {
      let outcome = try ProgramTests.run(
        words + [value, Self.model],
        environment: ["SPARROW_CACHE": folder.path])
      #expect(outcome.status == 2, "\(command) \(value): \(outcome.complaint)")
      #expect(outcome.complaint.hasPrefix("sparrow: "))
    }
  }

  @Test("--chunks takes llama.cpp's word for all, and the largest number is all too")
  func allChunks() throws {
    let results = try ["0", "-1", "9223372036854775807"].map { chunks in
      try ProgramTests.run([
        "perplexity", Self.model, "-t", "1", "--text", #filePath, "--context", "64", "--chunks",
        chunks,
      ]).outputText
    }
    #expect(results[0].hasPrefix("perplexity ") && Set(results).count == 1)
  }

  @Test("a temperature too little to divide by is greedy")
  func tinyTemperature() throws {
    let texts = try ["0", "1e-45", "1e-39"].map { temperature in
      try ProgramTests.run([
        "generate", Self.model, "-t", "1", "-p", "a b", "-n", "8", "--ignore-end", "--temperature",
        temperature,
      ]).outputText
    }
    #expect(Set(texts).count == 1)
  }
}
