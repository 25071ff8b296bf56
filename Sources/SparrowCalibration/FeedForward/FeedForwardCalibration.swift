package import Sparrow
public import SparrowBlocks
public import SparrowCore
internal import SparrowEngine
internal import SparrowFormats
internal import SparrowNumerics
public import SparrowSparsity
internal import SparrowTransformer

/// Fits sparse feed-forward networks: predictors from recorded inputs, thresholds from a density.
public enum FeedForwardCalibration {
  public struct Options: Sendable, Equatable {
    /// Tokens of the text that are recorded, at most.
    public var tokens = 30_000
    /// Tokens of one window of text.
    public var window = 512
    public var method = Method.sketch
    public var layers = Layers.target(.perplexity(1.03))
    /// How a sketch keeps the rows of gate and up; nil is what was measured to serve best
    /// (`settled`).
    public var coding: SketchCoding?
    /// Half bytes that a product sketch keeps of each row.
    public var codes = 288
    /// Directions of the low-rank sketches and maps; 0 for a quarter of the width. A multiple of 32
    /// but for float16 maps.
    public var rank = 0
    /// How linear maps are kept: `.f16`, `.q8_0` or `.q4_0`.
    public var mapType = ElementType.f16
    /// Linear maps read the input of the layer before (but for the first layer).
    public var lookahead = false
    /// Neurons that are selected together: 1, 4, 8, 16 or 32; magnitudes select one.
    public var groupSize = 1
    public var grouping = Grouping.natural
    /// What the neurons give that are not selected; all but nothing is a sketch's, and `.sketch`
    /// one's that keeps every column. nil is what was measured to serve best (`settled`).
    public var rest: Rest?
    /// Part of the firing neurons that a linear map's threshold keeps, in networks whose activation
    /// is zero or not; `density` is for all others.
    public var recall: Float = 0.99
    /// Part of the neurons that a token touches, over all sparse layers.
    public var density: Float = 0.5
    public var seed: UInt64 = 1

    public init() {}

    var keptRest: Rest { rest ?? .nothing }
    var rowCoding: SketchCoding { coding ?? .int4 }
  }

  /// What a layer's predictor does on held-out windows.
  public struct LayerReport: Sendable {
    public var layer: Int
    /// Part of the neurons touched.
    public var density: Float
    /// Part of the truly greatest neurons, as many as are touched, among them.
    public var recall: Float
    /// Part of the output's energy that is lost in the neurons not selected.
    public var loss: Float

    public var json: JSON {
      [
        "layer": .integer(layer), "density": .number(Double(density)),
        "recall": .number(Double(recall)), "loss": .number(Double(loss)),
      ]
    }
  }

  /// One layer's predictor with what it loses at each density.
  struct FittedLayer {
    let predictor: LayerPredictor
    let tradeoff: Tradeoff

    /// The one density of a layer whose threshold comes from a recall; nil where any can be had.
    var ownDensity: Float? { predictor.recallThreshold?.density }

    func plan(density: Float) -> FeedForwardPlan {
      predictor.plan(density: density, tradeoff: tradeoff)
    }

    func report(layer: Int, density: Float) -> LayerReport {
      let point = tradeoff.point(at: plan(density: density).density ?? density)
      return LayerReport(
        layer: layer, density: point.density,
        recall: predictor.recallThreshold?.recall ?? point.recall,
        loss: predictor.recallThreshold?.loss ?? point.loss)
    }
  }

  /// What `choose` decided.
  public struct Choice: Sendable {
    /// Plans of the layers that pay; the others stay dense.
    public var layers: [Int: FeedForwardPlan]
    /// The widest batch whose steps are no slower than dense ones; 0 where nothing pays.
    public var widestBatch: Int
    /// What each chosen layer's predictor does on held-out windows.
    public var reports: [LayerReport]
  }

  /// Chooses densities for fitted layers. `heldOut` are windows of tokens that fitting has not
  /// seen.
  static func choose(
    _ fitted: [FittedLayer], heldOut: [[Int32]], model: Model, options: Options,
    progress: Progress
  ) throws(SparrowError) -> Choice {
    defer { try? model.install(.dense) }
    var plans: [Int: FeedForwardPlan] = [:]
    if case .target(let target) = options.layers {
      let chooser = try PlanChooser(
        model, fitted, target, heldOut: heldOut,
        progress: progress.part(0..<0.04, "running held-out text"))
      plans = try chooser.choose(
        progress: progress.part(0.04..<0.8, "measuring what layers cost"))
    } else {
      for (layer, fit) in fitted.enumerated() { plans[layer] = fit.plan(density: options.density) }
    }
    let widest = try PlanChooser.widestBatch(
      plans, model, progress: progress.part(0.8..<1, "measuring speed"))
    // Who asks for a density gets it; who asks for speed gets none that does not pay.
    var layers = plans
    if case .target(.perplexity) = options.layers, widest == 0 { layers = [:] }
    let reports = layers.sorted { $0.key < $1.key }.map { layer, plan in
      fitted[layer].report(layer: layer, density: plan.density ?? options.density)
    }
    return Choice(layers: layers, widestBatch: widest, reports: reports)
  }

  /// Sparse networks of one density for all layers.
  ///
  /// Throws `.argument` for options outside their ranges, a text of fewer than two windows, groups
  /// that do not divide a network and maps that do not fill whole blocks, `.unsupported` for a
  /// method that does not fit the model, `.cancelled`.
  package static func fit(
    model: Model, text: String, options: Options = Options(),
    progress: Progress = .none
  ) throws(SparrowError) -> (layers: [Int: FeedForwardPlan], reports: [LayerReport]) {
    try options.validate(model.configuration)
    let pass = TextPass(
      model,
      try StateRecorder(
        model, text: text, tokens: options.tokens, window: options.window, minimum: 2),
      samples: TextPass.usualSamples)
    let recorder = LayerRecorder(pass, crossing: options.crossing)
    try pass.run([recorder], progress: progress.part(0..<0.3))
    let fitted = try fit(
      recorder, layers: model.configuration.layers.indices, model: model, options: options,
      progress: progress.part(0.3..<1))
    var plans: [Int: FeedForwardPlan] = [:]
    for (layer, fit) in fitted.enumerated() { plans[layer] = fit.plan(density: options.density) }
    return (
      plans, fitted.enumerated().map { $1.report(layer: $0, density: options.density) }
    )
  }

  /// Predictors of recorded layers, which plans of any density can use.
  static func fit(
    _ recorder: LayerRecorder, layers: Range<Int>, model: Model, options: Options,
    progress: Progress
  ) throws(SparrowError) -> [FittedLayer] {
    var fitted: [FittedLayer] = []
    for layer in layers {
      try progress.report(
        layer - layers.lowerBound, of: layers.count, "fitting layer \(layer)")
      // Estimates stand for activations as they are.
      let network = try NetworkWeights(
        model, layer: layer, weighted: options.keptRest == .nothing)
      let record = recorder.layers[layer]
      let before = options.lookahead && layer > 0 ? recorder.layers[layer - 1] : nil
      let fit = LayerFit(
        model: model, network: network, record: record, before: before,
        samples: recorder.samples, options: options)
      var predictor: LayerPredictor
      var estimates: Tradeoff.Estimates?
      switch options.method {
      case .sketch:
        let sketch = try sketch(network, record, options)
        let rest = options.keptRest == .nothing ? FeedForwardPlan.Rest.nothing : .estimate
        let found = model.predict(
          .sketch(sketch), rest: rest, layer: layer, record.inputs, count: recorder.samples)
        predictor = LayerPredictor(
          .sketch(sketch), neuronScores: found.scores, samples: recorder.samples,
          groupSize: options.groupSize, order: fit.order)
        guard let activations = found.estimates else { break }
        predictor.rest = .estimate
        estimates = Tradeoff.Estimates(activations: activations)
        if options.rest == .sketch,
          let down = DownSketch(
            model.backend.weights, layer: layer, coding: options.rowCoding, pool: model.pool)
        {
          predictor.rest = .sketch(down: down.rows)
          estimates?.errors = down.errors
        }
      case .lowRank: predictor = try fit.lowRank()
      case .router: predictor = try fit.router()
      case .magnitude: predictor = try fit.magnitude()
      case .exact: predictor = fit.exact()
      }
      let tradeoff = Tradeoff(
        scores: predictor.takeScores(), activations: record.activations, estimates: estimates,
        lengths: network.lengths, samples: recorder.samples, pool: model.pool)
      fitted.append(FittedLayer(predictor: predictor, tradeoff: tradeoff))
    }
    return fitted
  }

  static func sketch(
    _ network: NetworkWeights, _ record: LayerRecorder.Layer, _ options: Options
  ) throws(SparrowError) -> RowSketch {
    let rows = network.rows
    let moments = MomentSum(dimension: rows.hidden, pool: rows.pool)
    let chunk = FloatRows(rows: 512, columns: rows.hidden)
    for start in stride(from: 0, to: rows.rowCount, by: chunk.rows) {
      let end = min(start + chunk.rows, rows.rowCount)
      rows.read(start..<end, less: nil, into: chunk)
      moments.add(chunk, count: end - start)
    }
    let basis =
      options.rowCoding.keepsColumns
      ? SketchBasis(identity: rows.hidden)
      : SketchBasis(
        states: record.moments.covariance(), head: moments.covariance(), pool: rows.pool)
    if options.rowCoding != .product {
      return try RowCoder(
        source: rows, basis: basis, mean: record.moments.mean, meanRow: moments.mean,
        coding: options.rowCoding, rank: options.rank,
        rounding: FedBackRounding(record.moments.covariance(), for: options.rowCoding)
      ).sketch(progress: .none)
    }
    let fitter = SketchFitter(
      source: rows, basis: basis, mean: record.moments.mean, meanRow: moments.mean,
      groups: options.codes, seed: options.seed, lossBonus: 0, cutsBasis: true)
    fitter.fitCodebooks()
    return try fitter.assign(progress: .none)
  }
}
