import ArgumentParser
import Sparrow

/// Several texts of one model at once, each a stream:
/// `swift run example-sequences model.gguf "Once" "In the beginning"`.
@main
struct Sequences: AsyncParsableCommand {
  @Argument(help: "A GGUF file or a Hugging Face folder.")
  var path: String

  @Argument(help: "What the texts begin with.")
  var prompts: [String]

  func run() async throws {
    let model = try Model.load(path)
    let options = GenerationOptions(
      maximumTokens: 32, sampling: SamplingOptions(temperature: 0.7, seed: 1), ignoresEnd: true)
    // The streams share weights and threads and take turns at the engine, a step each.
    let texts = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for (index, prompt) in prompts.enumerated() {
        group.addTask {
          var text = ""
          for try await piece in model.stream(prompt, options: options) {
            text += piece
          }
          return (index, text)
        }
      }
      return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
    }
    for (index, prompt) in prompts.enumerated() { print(prompt + texts[index, default: ""]) }
  }
}
