import Sparrow
import SparrowCalibration
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport

/// A tiny random model with a sparse head, or with sparse layers.
enum SparseModel {
  static let text = String(
    repeating: "In the beginning was the word, and the sparrow ate 12 crumbs of bread. ", count: 60)
  private static let path = Fixtures.path("models/llama3")

  static let widestHeadBatch = 2

  /// Fitted once.
  private static let adapter = Result {
    let folder = try TemporaryFolder()
    let dense = try Model.load(path, options: LoadOptions(threads: 2, prefillTokens: 40))
    var adapter = try HeadCalibration.fit(
      model: dense, text: text,
      options: .init(tokens: 1200, groups: 28, candidates: 24, kept: 8, window: 64))
    adapter.plan.head?.plan.widestBatch = widestHeadBatch
    try adapter.write(to: folder.file("a"))
    return folder
  }

  /// Half of the neurons by their exact gates; nothing to fit.
  static func loadSparseBody(
    threads: Int = 2, widestBatch: Int = BatchLimit.sequences, selector: Selector = .topK(32)
  ) throws -> Model {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoint.open(path)
    let plan = FeedForwardPlan(predictor: .gate, selector: selector)
    let adapter = Adapter(
      baseHash: checkpoint.contentHash(), baseName: path,
      plan: SparsePlan(networks: [0: plan, 1: plan], widestBatch: widestBatch))
    try adapter.write(to: folder.file("a"))
    return try Model.load(path, options: LoadOptions(threads: threads, adapter: folder.file("a")))
  }

  /// A model of its own for each caller, since running dense is a switch of the whole engine.
  static func load() throws -> Model {
    try Model.load(
      path, options: LoadOptions(threads: 2, adapter: try adapter.get().file("a")))
  }
}
