import ArgumentParser
import SparrowCore
import SparrowHub

/// A model that is looked at, not run.
struct PathOptions: ParsableArguments {
  @Argument(
    help: "A GGUF file, a folder of safetensors, or a pulled model's name.",
    completion: .file())
  var model: String

  /// The file or folder: what was given, or where a pulled model of that name lies.
  func path() throws(SparrowError) -> String { try ModelCache.path(ofModel: model) }
}
