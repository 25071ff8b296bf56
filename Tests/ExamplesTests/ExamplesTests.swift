import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowHub

/// Runs the built examples on tiny random models, whose text is noise.
struct ExamplesTests {
  private static let model = Fixtures.path("models/smollm2")

  private static func run(
    _ name: String, _ arguments: [String], input: String = ""
  ) throws -> Subprocess.Outcome {
    let tests = CommandLine.arguments[0]
    let folder = tests.dropLast(tests.lastComponent.count)
    return try Subprocess(
      arguments: [folder + "example-" + name] + arguments, environment: processEnvironment(),
      input: input
    ).run()
  }

  @Test("generate continues a text, and a missing model is one line and a status of 1")
  func generate() throws {
    let outcome = try Self.run("generate", [Self.model])
    #expect(outcome.status == 0, "\(outcome.complaint)")
    #expect(outcome.output.count > 1)
    let missing = try Self.run("generate", ["/nonexistent"])
    #expect(missing.status == 1 && missing.complaint.contains("/nonexistent"))
  }

  @Test("chat answers each line of its input")
  func chat() throws {
    let folder = try TemporaryFolder()
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
      try folder.write(name, try Files.read(Self.model + "/" + name))
    }
    try folder.write(
      "chat_template.jinja",
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:")
    let outcome = try Self.run("chat", [folder.path], input: "Hi\n")
    #expect(outcome.status == 0, "\(outcome.complaint)")
    #expect(outcome.output.last == UInt8(ascii: "\n"))
  }

  @Test("scheduler gives every prompt the text that it has alone")
  func scheduler() throws {
    let prompts = ["abc", "the bird", "x"]
    let together = try Self.run("scheduler", [Self.model] + prompts)
    #expect(together.status == 0, "\(together.complaint)")
    let alone = try prompts.map { try Self.run("scheduler", [Self.model, $0]).outputText }
    #expect(together.outputText == alone.joined())
  }

  @Test("calibrate makes an adapter and compares")
  func calibrate() throws {
    let folder = try TemporaryFolder()
    let data = Array(try contents(of: Fixtures.path("../../Data/heldout.txt")).prefix(8000))
    let text = try folder.write("text", data)
    let adapter = folder.file("adapter")
    let outcome = try Self.run("calibrate", [Self.model, text, text, adapter])
    #expect(outcome.status == 0, "\(outcome.complaint)")
    #expect(outcome.outputText.contains("perplexity, times dense: 1.0\n"))
    #expect(isFolder(adapter) == true)
  }
}
