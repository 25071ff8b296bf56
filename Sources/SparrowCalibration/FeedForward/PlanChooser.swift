internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowMeasure
internal import SparrowSparsity

/// Chooses a density for each layer, or leaves it dense.
///
/// What a layer costs in fidelity is measured once, by decoding with that layer alone sparse; over
/// other densities it goes with the energy that is lost (`Tradeoff`). A layer whose threshold comes
/// from a recall has that one sparse form, which is the one measured. Costs of layers are taken to
/// add up, so that choices come from a `PlanFrontier`.
final class PlanChooser {
  private let model: Model
  private let layers: [FeedForwardCalibration.FittedLayer]
  private let target: PlanTarget
  private let probe: PlanProbe
  /// Where each layer's cost is measured: near what plans come to.
  private let probeDensity: Float
  /// Whether unselected neurons keep their estimates.
  private let isEstimated: Bool
  private static let densities = Tradeoff.densities.filter { $0 <= 0.9 }

  /// `heldOut` are windows of tokens that fitting has not seen. Makes all layers sparse. Throws as
  /// `PlanProbe`.
  init(
    _ model: Model, _ layers: [FeedForwardCalibration.FittedLayer], _ target: PlanTarget,
    heldOut: [[Int32]], progress: Progress
  ) throws(SparrowError) {
    self.model = model
    self.layers = layers
    self.target = target
    isEstimated = layers.contains { $0.predictor.rest != .nothing }
    probeDensity = target.typicalDensity(isEstimated: isEstimated)
    try model.install(SparsePlan(networks: Self.plans(layers, density: probeDensity)))
    probe = try PlanProbe(model, heldOut: heldOut, positions: 1280, progress: progress)
  }

  /// Plans of the layers that pay.
  ///
  /// Throws `.argument` for a density that the layers cannot reach, `.cancelled`.
  func choose(
    progress: Progress
  ) throws(SparrowError) -> [Int: FeedForwardPlan] {
    let times = try times(progress: progress.part(0..<0.1))
    var options: [[PlanFrontier.Option]] = []
    for layer in layers.indices {
      options.append(
        try self.options(
          layer, times, progress: progress.part(0.1..<0.7).part(layer, of: layers.count)))
    }
    switch target {
    case .density(let density):
      return plans(try PlanFrontier(options, cost: \.touched).choice(touching: density))
    case .perplexity(let ratio):
      let frontier = PlanFrontier(options, cost: \.milliseconds)
      let limit = naturalLog(Double(ratio))
      return plans(
        try frontier.lastChoice { choice, done throws(SparrowError) in
          let result = try probe.measure(
            plans(choice), progress: progress.part(0.7..<1).part(done))
          return result.logRatio + result.error <= limit
        })
    }
  }

  /// What a layer may do: stay dense, or be sparse at each density that its predictor can have.
  private func options(
    _ layer: Int, _ times: (dense: Double, fixed: Double, touching: Double),
    progress: Progress
  ) throws(SparrowError) -> [PlanFrontier.Option] {
    let fit = layers[layer]
    let alone = try probe.measure(
      [layer: fit.plan(density: probeDensity)], every: 2, progress: progress)
    let dense = PlanFrontier.Option(density: nil, divergence: 0, milliseconds: times.dense)
    // Logits that are not numbers: the layer's sparse form is of no use.
    guard alone.divergence.isFinite else { return [dense] }
    let loss = max(fit.tradeoff.point(at: probeDensity).loss, 1e-6)
    let densities = fit.ownDensity.map { [$0] } ?? Self.densities
    return [dense]
      + densities.map { density in
        let share =
          fit.ownDensity == nil ? Double(fit.tradeoff.point(at: density).loss / loss) : 1
        return PlanFrontier.Option(
          density: density, divergence: max(0, alone.divergence) * share,
          milliseconds: times.fixed + times.touching * Double(density))
      }
  }

  /// All layers sparse.
  private static func plans(
    _ layers: [FeedForwardCalibration.FittedLayer], density: Float
  ) -> [Int: FeedForwardPlan] {
    Dictionary(
      uniqueKeysWithValues: layers.enumerated().map { ($0, $1.plan(density: density)) })
  }

  private func plans(_ choice: [PlanFrontier.Option]) -> [Int: FeedForwardPlan] {
    var plans: [Int: FeedForwardPlan] = [:]
    for (layer, option) in choice.enumerated() {
      if let density = option.density { plans[layer] = layers[layer].plan(density: density) }
    }
    return plans
  }

  /// Milliseconds of one layer's network: dense; sparse at density 0, and what density 1 adds.
  private func times(
    progress: Progress
  ) throws(SparrowError) -> (dense: Double, fixed: Double, touching: Double) {
    // Scattered reads cost more the more there are: where estimates stand for the rest, few are
    // wanted.
    let densities: [Float] = isEstimated ? [0.02, 0.15] : [0.3, 0.6]
    var points: [DensitySweep.Point] = []
    for (index, density) in densities.enumerated() {
      // By the selectors that a plan would have, since top-k costs more than a threshold.
      try model.install(SparsePlan(networks: Self.plans(layers, density: density)))
      let sweep = try DensitySweep.run(
        model, options: Self.sweepOptions(model, batches: [1]),
        progress: progress.part(index, of: densities.count))
      points += sweep.points
    }
    let count = Double(layers.count)
    let few = points[0]
    let many = points[1]
    let dense = (few.feedForward.dense.median + many.feedForward.dense.median) / 2
    // A ratio to dense within each pair, so that a slow minute weighs on both.
    let fewShare = 1 / few.feedForward.speedup.median
    let manyShare = 1 / many.feedForward.speedup.median
    let slope = max(0, (manyShare - fewShare) / Double(densities[1] - densities[0]))
    let fixed = fewShare - Double(densities[0]) * slope
    return (dense / count, fixed * dense / count, slope * dense / count)
  }

  /// The widest batch up to which the plans' steps are no slower than dense ones; 0 where even
  /// single tokens are. Measured times scatter by some per cent, so no loss at all is allowed here.
  ///
  /// Throws `.cancelled`.
  static func widestBatch(
    _ plans: [Int: FeedForwardPlan], _ model: Model, progress: Progress
  ) throws(SparrowError) -> Int {
    guard !plans.isEmpty else { return 0 }
    try model.install(SparsePlan(networks: plans))
    let limits = model.backend.limits
    let limit = min(model.plan.widestBatch, limits.sparseSequences, limits.rows)
    let batches = [1, 2, 4, 8, 16].filter { $0 <= limit }
    let sweep = try DensitySweep.run(
      model, options: sweepOptions(model, batches: batches),
      progress: progress)
    return sweep.points.prefix { $0.step.speedup.median >= 1 }.last?.batch ?? 0
  }

  /// Of the plan that is installed, by its own selectors.
  private static func sweepOptions(_ model: Model, batches: [Int]) -> DensitySweep.Options {
    DensitySweep.Options(
      densities: [], batches: batches, steps: min(16, model.configuration.contextLength),
      repetitions: 9)
  }
}
