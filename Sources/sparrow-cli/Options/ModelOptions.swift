import ArgumentParser
import Sparrow
import SparrowCore
import SparrowHub

/// Which model to run, and how.
struct ModelOptions: ParsableArguments {
  @OptionGroup var location: PathOptions

  @OptionGroup var sparsity: AdapterOptions

  @Option(
    parsing: .unconditional,
    help: "Part of the top logits that the sparse head must find; 1 is the dense head.")
  var headRecall: Float?

  @OptionGroup var device: DeviceOptions

  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    guard headRecall == nil || sparsity.adapter != nil || sparsity.sparse else {
      throw ValidationError("--head-recall: expected --adapter or --sparse beside it")
    }
    guard headRecall.map({ (0...1).contains($0) }) ?? true else {
      throw ValidationError("--head-recall \(headRecall ?? 0): expected 0 to 1")
    }
  }

  /// Loads the model; dense without `--adapter` and `--sparse`.
  func load(
    parallel: Int? = nil, keepsUnpaying: Bool = false, chatTemplate: ChatTemplate? = nil
  ) throws(SparrowError) -> Model {
    let path = try location.path()
    let adapter = try sparsity.folder(forModel: path, name: location.model)
    return try load(
      path, adapter: adapter, parallel: parallel, keepsUnpaying: keepsUnpaying,
      chatTemplate: chatTemplate)
  }

  /// Loads the model at `path` with an adapter, or dense with none.
  func load(
    _ path: String, adapter: String?, parallel: Int? = nil, keepsUnpaying: Bool = false,
    chatTemplate: ChatTemplate? = nil
  ) throws(SparrowError) -> Model {
    try Model.loadAndWarn(
      path,
      options: LoadOptions(
        device: device.device, threads: threads.count, adapter: adapter,
        headRecall: adapter == nil ? nil : headRecall, parallel: parallel,
        keepsUnpaying: keepsUnpaying, chatTemplate: chatTemplate))
  }
}
