package import Sparrow
internal import SparrowEngine
package import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity
internal import SparrowTransformer

extension FeedForwardCalibration {
  /// Plans of maps that were trained: they are kept in the options' type, measured and given their
  /// selectors as fitted ones are. All layers are sparse; of activations that are never zero at the
  /// options' density.
  ///
  /// `trained` gives a layer's maps, of which nothing is kept but the plan. Throws `.argument` for
  /// maps that do not fill whole blocks, `.cancelled`, and what `trained` throws.
  package static func choose(
    model: Model, options: Options, trained: (Int) throws(SparrowError) -> TrainedPredictor,
    progress: Progress
  ) throws(SparrowError) -> Choice {
    try options.validate(model.configuration)
    var plans: [Int: FeedForwardPlan] = [:]
    var reports: [LayerReport] = []
    let count = model.configuration.layers.count
    for layer in 0..<count {
      try progress.part(0..<0.8).report(layer, of: count, "measuring layer \(layer)")
      let fitted = try fit(try trained(layer), layer: layer, model: model, options: options)
      plans[layer] = fitted.plan(density: options.density)
      reports.append(fitted.report(layer: layer, density: options.density))
    }
    defer { try? model.install(.dense) }
    let widest = try PlanChooser.widestBatch(
      plans, model, progress: progress.part(0.8..<1, "measuring speed"))
    return Choice(layers: plans, widestBatch: widest, reports: reports)
  }

  private static func fit(
    _ trained: TrainedPredictor, layer: Int, model: Model, options: Options
  ) throws(SparrowError) -> FittedLayer {
    let network = model.configuration.layers[layer].feedForward
    let hidden = model.configuration.hidden
    let samples = trained.inputs.count / hidden
    let rank = trained.a.count / hidden
    precondition(
      trained.b.count == network.width * rank && trained.bias.count == network.width
        && trained.targets.count == samples * network.width, "maps and samples of one layer")
    let pool = model.pool
    let lengths = model.backend.weights.columnLengths(
      of: WeightRole(.down, layer: layer), pool: pool)
    let maps = LinearPredictor(
      a: try PredictorMatrix(FloatRows(trained.a, columns: hidden), type: options.mapType),
      b: try PredictorMatrix(FloatRows(trained.b, columns: rank), type: options.mapType),
      bias: trained.bias)
    let activations = FloatRows(trained.targets, columns: network.width)
    let scores = model.predict(
      .lowRank(maps), layer: layer, FloatRows(trained.inputs, columns: hidden), count: samples
    ).scores
    var predictor = LayerPredictor(
      .lowRank(maps), groupScores: scores, samples: samples, groupSize: 1, order: [])
    predictor.isLookahead = trained.isLookahead
    let greatest = (0..<network.width).map { neuron in
      (0..<samples).reduce(Float(0)) { max($0, abs(activations[$1][neuron])) }
    }
    predictor.keepAlways(OutlierNeurons.find(greatest: greatest, lengths: lengths))
    if network.activation.isSparse {
      predictor.recallThreshold = RecallThreshold(
        scores: predictor.scores!, activations: activations, lengths: lengths, samples: samples,
        recall: options.recall)
    }
    let tradeoff = Tradeoff(
      scores: predictor.takeScores(), activations: activations, lengths: lengths, samples: samples,
      pool: pool)
    return FittedLayer(predictor: predictor, tradeoff: tradeoff)
  }
}
