import ArgumentParser
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

  @Option(name: .shortAndLong, help: "Tokens a session holds at most; 0 is the model's limit.")
  var context = 4096

  func validate() throws {
    guard threads >= 0, threads <= 4096 else {
      throw ValidationError("--threads \(threads): expected 0 to 4096")
    }
    guard context >= 0 else { throw ValidationError("--context \(context): expected 0 or more") }
  }

  /// The file or folder to load: what was given, or where a pulled model of that name lies.
  func path() throws(SparrowError) -> String { try ModelCache().resolve(model) }
}
