import Sparrow

// What the README shows: `LibraryExampleTests` compares the lines between the marks with it.
func libraryExample(path: String) throws {
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
}
