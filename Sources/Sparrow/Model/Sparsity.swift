import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTransformer

/// What of a model an adapter changes, by its load options.
struct Sparsity {
  /// nil for a dense head.
  var head: (plan: HeadPlan, sketch: RowSketch, recall: HeadRecall)?
  /// Sequences that a sparse step takes at most.
  var widestBatch = Adapter.batchLimit
  /// The sparse feed-forward networks by layer.
  var layers: [Int: FeedForwardPlan] = [:]
  /// The sparse attention by layer.
  var attention: [Int: AttentionPlan] = [:]
  /// The thresholds of matrices' inputs by layer.
  var inputs: [Int: InputPlan] = [:]
  /// What is added to the base model's matrices, and what replaces its vectors.
  var updates: [WeightRole: LowRankUpdate] = [:]
  var vectors: [WeightRole: [Float]] = [:]

  /// All dense without an adapter; the head too where only the dense one reaches the asked recall.
  ///
  /// Throws what reading the adapter throws, `.mismatch` when it was made for another model, `.argument`
  /// for a recall outside 0...1 or one that no adapter serves.
  init(_ options: LoadOptions, _ binding: WeightBinding) throws(SparrowError) {
    let checkpoint = binding.checkpoint
    guard let folder = options.adapter else {
      guard options.headRecall == nil else {
        throw SparrowError(
          .argument, file: checkpoint.path, field: "head recall", found: "no adapter",
          expected: "an adapter with a sparse head (--adapter)")
      }
      return
    }
    let adapter = try Adapter.read(folder)
    try adapter.check(base: checkpoint.contentHash(), name: checkpoint.path)
    try adapter.check(binding, file: folder)
    updates = adapter.updates
    vectors = adapter.vectors
    layers = adapter.layers
    attention = adapter.attention
    inputs = adapter.inputs
    widestBatch = adapter.widestBatch
    guard let (plan, sketch) = adapter.head else { return }
    guard let target = options.headRecall else {
      head = (plan, sketch, .greedy(plan))
      return
    }
    if let recall = try HeadRecall.reaching(target, plan) { head = (plan, sketch, recall) }
  }
}
