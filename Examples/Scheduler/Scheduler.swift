import ArgumentParser
import Sparrow

/// Several texts of one model at once, a token of each in every step:
/// `swift run example-scheduler model.gguf "Once" "In the beginning"`.
@main
struct Texts: AsyncParsableCommand {
  @Argument(help: "A GGUF file or a Hugging Face folder.")
  var path: String

  @Argument(help: "What the texts begin with.")
  var prompts: [String]

  func run() async throws {
    let model = try Model.load(path)
    let scheduler = try model.scheduler()
    let options = GenerationOptions(
      maximumTokens: 32, sampling: SamplingOptions(temperature: 0.7, seed: 1), ignoresEnd: true)
    let streams = try prompts.map { prompt in
      let tokens = model.tokenizer.encode(prompt, addSpecial: true, parseSpecial: true)
      return try scheduler.submit(GenerationRequest(prompt: tokens, options: options))
    }
    // All of them run; each keeps what it has until somebody reads it.
    for (prompt, stream) in zip(prompts, streams) {
      print(prompt, terminator: "")
      for try await piece in stream { print(piece.text, terminator: "") }
      print()
    }
  }
}
