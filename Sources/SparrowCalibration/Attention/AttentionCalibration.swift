internal import Sparrow
public import SparrowCore
internal import SparrowEngine
public import SparrowSparsity
internal import SparrowTransformer

/// Fits sparse attention: linear maps that tell from an attention's input what each head group will
/// add to the output (Deja Vu, arXiv 2310.17157, sections 4.2 and 4.3), by regression instead of
/// training.
///
/// Targets are the lengths of the groups' parts behind the output matrix (`HeadGroupNorms`).
public enum AttentionCalibration {
  public struct Options: Sendable, Equatable {
    /// Tokens of the text that are recorded, at most.
    public var tokens = 30_000
    /// Tokens of one window of text.
    public var window = 512
    /// Which layers become sparse: those first that change the model least.
    public var target = PlanTarget.perplexity(1.02)
    /// Part of its head groups that a sparse layer touches for a token.
    public var density: Float = 0.5
    /// Directions of the low-rank maps. 0, or no fewer than there are groups, makes one map
    /// instead, which then reads less and finds as much.
    public var rank = 0
    /// The maps read the input of the attention before (but for the first layer).
    public var lookahead = false

    public init() {}

    /// Throws `.argument`, naming the option, for a number outside its range.
    func validate() throws(SparrowError) {
      try SparrowError.require(tokens, in: 64...100_000_000, "tokens")
      try SparrowError.require(window, in: 32...65536, "window")
      try SparrowError.require(rank, in: 0...65536, "rank")
      guard density > 0, density < 1 else {
        throw SparrowError(
          .argument, field: "density", found: "\(density)", expected: "between 0 and 1")
      }
      try target.validate()
    }
  }

  /// What a layer's predictor does on held-out windows.
  public struct LayerReport: Sendable {
    public var layer: Int
    /// Part of the head groups touched where the layer is sparse.
    public var density: Float
    /// Part of the groups that truly add most, as many as are touched, among them.
    public var recall: Float
    /// Part of the squared lengths in the groups left out.
    public var loss: Float
    /// KL(dense || sparse) in nats a token, with this layer's attention alone sparse.
    public var divergence: Double
    /// Whether the choice made it sparse.
    public var isSparse: Bool

    public var json: JSON {
      [
        "layer": .integer(layer), "density": .number(Double(density)),
        "recall": .number(Double(recall)), "loss": .number(Double(loss)),
        "divergence": .number(divergence), "sparse": .bool(isSparse),
      ]
    }
  }

  /// What `Calibration.run` decided.
  public struct Choice: Sendable {
    /// Plans of the chosen layers; the others stay dense.
    public var layers: [Int: AttentionPlan]
    /// Speed of all layers together in decoding, as a multiple of dense, with the chosen layers
    /// sparse behind `context` tokens; nil where none was chosen.
    public var speedup: Double?
    public var context: Int
    /// Of every layer that has several head groups.
    public var reports: [LayerReport]
  }

  /// Throws `.unsupported` unless a layer has several head groups to choose from, which do not need
  /// each other.
  static func requireGroups(_ model: Model) throws(SparrowError) {
    if let reason = model.configuration.layers.lazy.compactMap(\.attention.needsAllHeads).first {
      throw SparrowError(
        .unsupported, file: model.path, field: "attention", found: reason,
        expected: "heads that can be left out one by one")
    }
    guard model.configuration.layers.contains(where: { $0.attention.keyValueHeads > 1 }) else {
      throw SparrowError(
        .unsupported, file: model.path, field: "attention",
        found: "one key/value head in every layer (multi-query)",
        expected: "several in some layer: sparse attention chooses among them")
    }
  }

  /// Predictors of recorded layers, but of those with one head group.
  static func fit(
    _ recorder: AttentionRecorder, layers: Range<Int>, model: Model, options: Options,
    progress: Progress
  ) throws(SparrowError) -> [AttentionFit] {
    var fits: [AttentionFit] = []
    for layer in layers {
      try progress.report(layer - layers.lowerBound, of: layers.count, "fitting heads")
      let record = recorder.layers[layer]
      guard record.groups > 1 else { continue }
      let before = options.lookahead && layer > 0 ? recorder.layers[layer - 1] : nil
      fits.append(
        try AttentionFit(
          layer, record, before: before, samples: recorder.samples, options: options,
          pool: model.pool))
    }
    return fits
  }

  /// Which of the fitted layers become sparse.
  static func choose(
    _ fits: [AttentionFit], heldOut: [[Int32]], model: Model, target: PlanTarget,
    progress: Progress
  ) throws(SparrowError) -> Choice {
    defer { try? model.install(.dense) }
    let chooser = try AttentionChooser(
      model, fits, heldOut: heldOut, progress: progress.part(0..<0.05, "running held-out text"))
    return try chooser.choose(target, progress: progress.part(0.05..<1))
  }
}
