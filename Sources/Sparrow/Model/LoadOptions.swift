internal import SparrowCore
internal import SparrowFormats
internal import SparrowSparsity
public import SparrowTemplates
internal import SparrowTransformer

/// How a model is loaded.
public struct LoadOptions: Sendable, Equatable {
  /// What runs it; the processor unless asked otherwise.
  public var device: Device
  /// Worker threads; nil for as many as its affinity mask and its CPU quota let work at once.
  public var threads: Int?
  /// Path of an adapter folder: a plan and its tensors; nil to run dense.
  public var adapter: String?
  /// Part of the top k logits that a sparse head must find, by its calibration; 1 runs the dense
  /// head, nil what greedy decoding needs.
  public var headRecall: Float?
  /// Sequences that will be decoded at once, at most: sparse layers that were measured to pay in
  /// narrower batches only run dense, from the start. nil runs them: a batch takes several steps.
  public var parallel: Int?
  /// Runs all that the adapter makes sparse, though on the device some of it takes longer than the
  /// dense form would.
  public var keepsUnpaying: Bool
  /// Tokens that one prefill step takes: more is faster up to about 128 on the processor and 512 on
  /// a GPU, which nil stands for, and costs memory.
  public var prefillTokens: Int?
  /// Renders conversations in place of the model's own template.
  public var chatTemplate: ChatTemplate?

  public init(
    device: Device = .cpu, threads: Int? = nil, adapter: String? = nil, headRecall: Float? = nil,
    parallel: Int? = nil, keepsUnpaying: Bool = false, prefillTokens: Int? = nil,
    chatTemplate: ChatTemplate? = nil
  ) {
    self.device = device
    self.threads = threads
    self.adapter = adapter
    self.headRecall = headRecall
    self.parallel = parallel
    self.keepsUnpaying = keepsUnpaying
    self.prefillTokens = prefillTokens
    self.chatTemplate = chatTemplate
  }
}

extension LoadOptions {
  /// The adapter, its head as the asked recall wants it: dense where only the dense one reaches it.
  /// nil without one.
  ///
  /// Throws what reading throws, `.mismatch` when it was made for another model, `.argument` for a
  /// recall outside
  /// 0...1 or one that no adapter serves.
  func adapter(for binding: WeightBinding) throws(SparrowError) -> Adapter? {
    let checkpoint = binding.checkpoint
    guard let folder = adapter else {
      guard headRecall == nil else {
        throw SparrowError(
          .argument, file: checkpoint.path, field: "head recall", found: "no adapter",
          expected: "an adapter with a sparse head (--adapter)")
      }
      return nil
    }
    var adapter = try Adapter.read(folder)
    try adapter.check(base: checkpoint.contentHash(), name: checkpoint.path)
    try adapter.check(binding, file: folder)
    if let headRecall { adapter.plan.head = try adapter.plan.head?.reaching(headRecall) }
    return adapter
  }

  /// What of a plan runs, and a line about what does not.
  func paying(_ plan: SparsePlan) -> (plan: SparsePlan, note: String?) {
    guard let parallel, plan.hasSparseLayers else { return (plan, nil) }
    let paying = plan.paying(for: parallel)
    guard !paying.hasSparseLayers else { return (plan, nil) }
    let note =
      "the adapter's sparse layers run dense: they pay up to \(plan.widestBatch) answers at once, "
      + "and up to \(parallel) may run (--parallel \(plan.widestBatch) keeps them)"
    return (paying, note)
  }
}
