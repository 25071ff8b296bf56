import ArgumentParser
import Sparrow

/// Continues a text: `swift run example-generate model.gguf`.
@main
struct Generate: ParsableCommand {
  @Argument(help: "A GGUF file or a Hugging Face folder.")
  var path: String

  // The README shows what is between the marks.
  func run() throws {
    // README begins
    let model = try Model.load(path)
    let session = try model.session()
    let options = GenerationOptions(
      maximumTokens: 64, sampling: SamplingOptions(temperature: 0.7, seed: 1))
    try session.generate("The sparrow is a small bird that", options: options) { piece in
      print(piece, terminator: "")
      return true  // false stops
    }
    // README ends
    print()
  }
}
