public import Sparrow
public import SparrowCore
public import SparrowMeasure
public import SparrowSparsity

/// How near a sparse model is to its dense self, and how much faster, over windows of one text.
///
/// Windows are cut and scored as `Perplexity` does, but every token of the sparse run is decoded by
/// itself, by the kernels that generate, over a key/value cache that only such steps have filled. A
/// sparse head names candidates, not a distribution: losses and divergence are of the *body*
/// (feed-forward and attention sparse, the dense head over their hidden state); the *head*'s figure
/// is how often its own token is the dense model's.
public struct Fidelity: Sendable, Equatable {
  /// Tokens of a window.
  public var context: Int
  /// Windows scored.
  public var windows = 0
  /// Negative log likelihoods of the text's tokens in nats, dense and sparse body.
  public var denseLoss = SampleMean()
  public var sparseLoss = SampleMean()
  /// The sparse body beside the dense self.
  public var body = Nearness()
  /// Part of the positions where the sparse model's own head names the dense model's greedy token.
  public var headSameTop = SampleMean()
  /// Positions where a sparse head left the decision to the dense one.
  public var fallbacks = 0
  /// Both beside the model that training began with; nil where none was given.
  public var baseline: BaselineFidelity?
  /// nil until the run's end.
  public var speed: DecodeSpeed?
  /// What each sparse layer touched at the positions scored; empty until the run's end.
  public var layers: [LayerActivity] = []

  init(context: Int) { self.context = context }

  /// Positions scored.
  public var positions: Int { body.logRatio.count }
  public var densePerplexity: Double { exponential(denseLoss.mean) }
  public var sparsePerplexity: Double { exponential(sparseLoss.mean) }
  /// Sparse perplexity over dense perplexity.
  public var ratio: Double { body.ratio }

  /// Mean density and recall of the layers of a kind; nil where there are none, or none audited.
  public func means(_ kind: LayerActivity.Kind) -> (density: Double?, recall: Double?) {
    func mean(_ values: [Double]) -> Double? {
      values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    let own = layers.filter { $0.kind == kind }
    return (mean(own.map(\.density)), mean(own.compactMap(\.recall)))
  }

  /// Compares at every position of the second half of at most `windows` windows of `text`; the
  /// first half measures speed.
  ///
  /// `baseline` is another model to compare both with, densely: the one that training began with.
  /// The layers are audited over the second halves alone, since auditing takes time. Throws
  /// `.argument` for a dense model, a text shorter than two windows or a context that the model
  /// lacks, `.mismatch` for a baseline of other tokens. Costs about three decoded tokens a
  /// position.
  public static func measure(
    _ model: Model, text: String, context: Int = 512, windows limit: Int? = nil,
    baseline: Model? = nil, progress: Progress = .none
  ) throws(SparrowError) -> Fidelity {
    try model.requireAdapter()
    let windows = try TextWindows(model, text: text, context: context, limit: limit)
    try baseline?.requireTokens(of: model, text, windows)
    let run = try FidelityRun(model, baseline: baseline, context: context)
    let total = windows.count * context
    for index in 0..<windows.count {
      try run.measure(
        windows[index], denseFirst: index % 2 == 0
      ) { done, result throws(SparrowError) in
        let ratio = result.positions > 0 ? ", ratio " + Quantity.fixed(result.ratio, 4) : ""
        try progress.report(
          .init(index * context + done, of: total, .items("tokens" + ratio)))
      }
    }
    return run.finish()
  }
}

extension Model {
  /// Throws `.argument` for a model that no adapter changes.
  func requireAdapter() throws(SparrowError) {
    guard isSparse || changesWeights else {
      throw SparrowError(
        .argument, file: path, field: "adapter", found: "a dense model",
        expected: "one that an adapter makes sparse, or whose weights it changes")
    }
  }
  /// Throws `.mismatch` unless this model reads `text` as the same tokens of the same vocabulary.
  fileprivate func requireTokens(
    of model: Model, _ text: String, _ windows: TextWindows
  ) throws(SparrowError) {
    let vocabularies = [configuration.vocabulary, model.configuration.vocabulary]
    guard vocabularies[0] == vocabularies[1] else {
      throw SparrowError(
        .mismatch, file: path, field: "baseline", found: "\(vocabularies[0]) tokens",
        expected: "the \(vocabularies[1]) tokens of \(model.path)")
    }
    let own: TextWindows
    do throws(SparrowError) {
      own = try TextWindows(self, text: text, context: windows[0].count, limit: windows.count)
    } catch {
      throw SparrowError(
        .mismatch, file: path, field: "baseline: \(error.field)", found: error.found,
        expected: error.expected)
    }
    guard own.elementsEqual(windows) else {
      throw SparrowError(
        .mismatch, file: path, field: "baseline", found: "a tokenizer of its own",
        expected: "the tokenizer of \(model.path)")
    }
  }
}
