import ArgumentParser
import Sparrow
import SparrowCore
import SparrowHub

/// Which model to run, and how.
struct ModelOptions: ParsableArguments {
  @OptionGroup var location: PathOptions

  @Option(help: "Folder of an adapter, which makes the model sparse.", completion: .directory)
  var adapter: String?

  @Flag(help: "Use the adapter that sparrow calibrate has made for this model.")
  var sparse = false

  @Option(
    help: "Part of the top logits that the sparse head must find; 1 is the dense head.")
  var headRecall: Float?

  @Option(name: .shortAndLong, help: "Threads; 0 is one for each processor.")
  var threads = 0

  func validate() throws {
    guard (0...4096).contains(threads) else {
      throw ValidationError("--threads \(threads): expected 0 to 4096")
    }
    guard headRecall == nil || adapter != nil || sparse else {
      throw ValidationError("--head-recall: expected --adapter or --sparse beside it")
    }
    guard headRecall.map({ (0...1).contains($0) }) ?? true else {
      throw ValidationError("--head-recall \(headRecall ?? 0): expected 0 to 1")
    }
    guard adapter == nil || !sparse else {
      throw ValidationError("--adapter and --sparse: expected one of them")
    }
  }

  /// Loads the model; dense without `--adapter` and `--sparse`.
  func load() throws(SparrowError) -> Model {
    let path = try location.path()
    guard sparse else { return try load(path, adapter: adapter) }
    guard let own = try ModelCache().adapter(forModel: path) else {
      throw SparrowError(
        .argument, file: location.model, field: "--sparse",
        found: "no adapter yet; run: sparrow calibrate \(location.model) --head --text FILE")
    }
    return try load(path, adapter: own)
  }

  /// Loads the model at `path` with an adapter, or dense with none.
  func load(_ path: String, adapter: String?) throws(SparrowError) -> Model {
    try Model.load(
      path,
      options: LoadOptions(
        threads: threads == 0 ? nil : threads, adapter: adapter,
        headRecall: adapter == nil ? nil : headRecall))
  }
}
