package import Sparrow
internal import SparrowEngine
package import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity
internal import SparrowTransformer

extension AttentionCalibration {
  /// Measures maps that were trained, and chooses the layers whose attention they make sparse.
  ///
  /// `trained` gives a layer's maps, nil for a layer of one head group. Two maps of no fewer
  /// directions than there are groups are multiplied into one, which reads less and says the same.
  /// `heldOut` are windows of equal length. Throws `.argument` for a target that no plan reaches,
  /// `.cancelled`, and what `trained` throws.
  package static func choose(
    model: Model, trained: (Int) throws(SparrowError) -> TrainedPredictor?, density: Float,
    heldOut: [[Int32]], target: PlanTarget, progress: Progress
  ) throws(SparrowError) -> Choice {
    try target.validate()
    try requireGroups(model)
    let hidden = model.configuration.hidden
    var fits: [AttentionFit] = []
    for (layer, description) in model.configuration.layers.enumerated() {
      guard let own = try trained(layer) else { continue }
      let groups = description.attention.keyValueHeads
      fits.append(
        AttentionFit(
          layer, try maps(own, groups: groups, hidden: hidden, pool: model.pool),
          inputs: FloatRows(own.inputs, columns: hidden),
          lengths: FloatRows(own.targets, columns: groups), samples: own.inputs.count / hidden,
          density: density, isLookahead: own.isLookahead, pool: model.pool))
    }
    return try choose(fits, heldOut: heldOut, model: model, target: target, progress: progress)
  }

  private static func maps(
    _ trained: TrainedPredictor, groups: Int, hidden: Int, pool: WorkerPool
  ) throws(SparrowError) -> LinearPredictor {
    let rank = trained.a.count / hidden
    let a = FloatRows(trained.a, columns: hidden)
    let b = FloatRows(trained.b, columns: rank)
    guard rank >= groups else {
      return LinearPredictor(
        a: try PredictorMatrix(a, type: .f16), b: try PredictorMatrix(b, type: .f16),
        bias: trained.bias)
    }
    let both = a.transposed().multiplied(byRowsOf: b, pool: pool)
    return LinearPredictor(a: nil, b: try PredictorMatrix(both, type: .f16), bias: trained.bias)
  }
}
