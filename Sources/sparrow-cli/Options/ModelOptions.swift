import ArgumentParser
import Sparrow
import SparrowCore
import SparrowHub

/// Which model to run, and how.
struct ModelOptions: ParsableArguments {
  @Argument(
    help: "A GGUF file, a folder of safetensors, or a pulled model's name.",
    completion: .file())
  var model: String

  @Option(help: "Folder of an adapter, which makes the model sparse.", completion: .directory)
  var adapter: String?

  @Option(name: .shortAndLong, help: "Threads; 0 is one for each processor.")
  var threads = 0

  func validate() throws {
    guard (0...4096).contains(threads) else {
      throw ValidationError("--threads \(threads): expected 0 to 4096")
    }
  }

  /// The file or folder to load: what was given, or where a pulled model of that name lies.
  func path() throws(SparrowError) -> String { try ModelCache().resolve(model) }

  /// Loads it; dense without `--adapter`.
  func load() throws(SparrowError) -> Model { try load(adapter: adapter) }

  /// Loads it with another adapter, or dense with none.
  func load(adapter: String?) throws(SparrowError) -> Model {
    let options = LoadOptions(threads: threads == 0 ? nil : threads, adapter: adapter)
    return try Model.load(try path(), options: options)
  }
}
