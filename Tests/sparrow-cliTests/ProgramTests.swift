import SparrowCore
import Testing

@testable import SparrowHub

/// Runs the built program as a user does.
struct ProgramTests {
  static let program: String = {
    let tests = CommandLine.arguments[0]
    return String(tests.dropLast(tests.lastComponent.count)) + "sparrow"
  }()

  static func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Subprocess.Outcome {
    try Subprocess(
      arguments: [program] + arguments,
      environment: processEnvironment().merging(environment) { $1 }
    ).run()
  }

  /// Runs a shell's script: "$@" is the program with these arguments, "$0" is `name`.
  static func shell(
    _ script: String, _ arguments: [String], name: String = "sh",
    environment: [String: String] = [:]
  ) throws -> Subprocess.Outcome {
    try Subprocess(
      arguments: ["sh", "-c", script, name, program] + arguments,
      environment: processEnvironment().merging(environment) { $1 }
    ).run()
  }

  @Test("help is on standard output and has an example for each command")
  func help() throws {
    let outcome = try Self.run(["--help"])
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    let commands = outcome.outputText.split(separator: "\n")
      .drop { !$0.hasPrefix("SUBCOMMANDS:") }.dropFirst()
      .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
      .map { String($0.split(separator: " ")[0]) }
    #expect(commands.contains("pull"))
    let parts = ["head", "networks", "attention", "inputs", "all"].map { ["calibrate", $0] }
    for words in commands.filter({ $0 != "See" }).map({ [$0] }) + parts {
      let command = words.joined(separator: " ")
      let help = try Self.run(words + ["--help"], environment: ["COLUMNS": "80"])
      #expect(help.status == 0)
      #expect(help.outputText.contains("\n  sparrow \(command)"), "\(command)")
      let margin = String(repeating: " ", count: 8)
      for line in help.outputText.split(separator: "\n") {
        #expect(line.count <= 80, "\(line)")
        let isText = line.hasPrefix(margin) && !line.hasPrefix(margin + " ")
        #expect(!isText || !line.dropFirst(8).contains("   "), "\(line)")
      }
    }
  }

  @Test(
    "wrong usage is one line on standard error and exit code 2",
    arguments: [
      ["pull"], ["nonsense"], ["pull", "a/b", "--wrong"], ["evaluate", "m", "--text", "t"],
      ["evaluate", "m", "--text", "t", "--adapter", "a", "--sparse"],
      ["evaluate", "m", "--sparse"],
    ])
  func usage(arguments: [String]) throws {
    let outcome = try Self.run(arguments)
    #expect(outcome.status == 2)
    #expect(outcome.output.isEmpty)
    let text = String(decoding: outcome.errors, as: UTF8.self)
    #expect(text.hasPrefix("sparrow: "))
    #expect(text.split(separator: "\n").count == 1)
  }

  @Test("a failure is one line on standard error and exit code 1")
  func failure() throws {
    let outcome = try Self.run(["info", "/nonexistent/model.gguf"])
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.complaint.hasPrefix("sparrow: /nonexistent/model.gguf: "))
  }
}
