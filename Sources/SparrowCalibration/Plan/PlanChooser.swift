internal import Sparrow
internal import SparrowCPU
internal import SparrowCore
internal import SparrowEvaluation
internal import SparrowSparsity

/// Chooses a density for each layer, or leaves it dense.
///
/// What a layer costs in fidelity is measured once, by decoding with that layer alone sparse; over other
/// densities it goes with the energy that is lost (`Tradeoff`). Costs of layers are taken to add up. Each layer
/// then takes what is least of `divergence + price · cost`, and the price is bisected until the target is
/// met: the best choice there is on the convex hull of each layer's options (Everett 1963,
/// doi:10.1287/opre.11.3.399).
final class PlanChooser {
  private struct Option {
    /// nil for dense.
    var density: Float?
    var divergence: Double
    var milliseconds: Double
  }

  private let model: Model
  private let layers: [FeedForwardCalibration.FittedLayer]
  private let probe: PlanProbe
  private var options: [[Option]] = []
  private static let probeDensity: Float = 0.5
  private static let densities: [Float] = (3...18).map { Float($0) * 0.05 }
  private static let rounds = 12

  init(
    _ model: Model, _ layers: [FeedForwardCalibration.FittedLayer], text: String
  ) throws(SparrowError) {
    self.model = model
    self.layers = layers
    var all: [Int: FeedForwardPlan] = [:]
    for (layer, fit) in layers.enumerated() { all[layer] = fit.plan(density: Self.probeDensity) }
    try model.install(all)
    probe = try PlanProbe(model, text: text, positions: 640)
  }

  /// Plans of the layers that pay. `progress` gets the part done and returns false to stop.
  func choose(
    _ target: PlanTarget, progress: (Double) -> Bool
  ) throws(SparrowError) -> [Int: FeedForwardPlan] {
    let times = try times()
    for (layer, fit) in layers.enumerated() {
      let alone = try probe.measure([layer: fit.plan(density: Self.probeDensity)])
      let loss = max(fit.tradeoff.point(at: Self.probeDensity).loss, 1e-6)
      var own = [Option(density: nil, divergence: 0, milliseconds: times.dense)]
      for density in Self.densities {
        let share = Double(fit.tradeoff.point(at: density).loss / loss)
        own.append(
          Option(
            density: density, divergence: max(0, alone.divergence) * share,
            milliseconds: times.fixed + times.touching * Double(density)))
      }
      options.append(own)
      guard progress(Double(layer + 1) / Double(layers.count + 1)) else {
        throw SparrowError(.cancelled, found: "stopped")
      }
    }
    switch target {
    case .density(let density):
      return try bisect { price throws(SparrowError) in
        let chosen = choices { $0.divergence + price * Double($0.density ?? 1) }
        let mean =
          chosen.reduce(0) { $0 + Double($1.density ?? 1) } / Double(max(chosen.count, 1))
        return (plans(chosen), mean <= Double(density))
      }
    case .perplexity(let ratio):
      let limit = naturalLog(Double(ratio))
      // The dearest price that stays within the limit: prices fall here, so the test is turned round.
      return try bisect(wantsDear: true) { price throws(SparrowError) in
        let chosen = plans(choices { $0.divergence + price * $0.milliseconds })
        let result = try probe.measure(chosen)
        return (chosen, result.logRatio + result.error <= limit)
      }
    }
  }

  /// The plans at the price where `test` changes, on the side where it holds.
  private func bisect(
    wantsDear: Bool = false,
    _ test: (Double) throws(SparrowError) -> (plans: [Int: FeedForwardPlan], holds: Bool)
  ) throws(SparrowError) -> [Int: FeedForwardPlan] {
    // Prices of a unit of cost in nats, over which any layer's choice changes.
    var low = naturalLog(1e-7)
    var high = naturalLog(10)
    var best: [Int: FeedForwardPlan] = [:]
    for _ in 0..<Self.rounds {
      let middle = (low + high) / 2
      let (plans, holds) = try test(exponential(middle))
      if holds { best = plans }
      if holds == wantsDear { low = middle } else { high = middle }
    }
    return best
  }

  private func choices(_ cost: (Option) -> Double) -> [Option] {
    options.map { own in own.min { cost($0) < cost($1) }! }
  }

  private func plans(_ chosen: [Option]) -> [Int: FeedForwardPlan] {
    var plans: [Int: FeedForwardPlan] = [:]
    for (layer, option) in chosen.enumerated() {
      if let density = option.density { plans[layer] = layers[layer].plan(density: density) }
    }
    return plans
  }

  /// Milliseconds of one layer's network: dense; sparse at density 0, and what density 1 adds.
  private func times() throws(SparrowError) -> (dense: Double, fixed: Double, touching: Double) {
    let sweep = try DensitySweep.run(
      model, options: .init(densities: [0.3, 0.6], batches: [], steps: 16, repetitions: 3))
    let count = Double(layers.count)
    let few = sweep.points[0]
    let many = sweep.points[1]
    let dense = (few.denseFeedForward.median + many.denseFeedForward.median) / 2
    // A ratio to dense within each pair, so that a slow minute weighs on both.
    let fewShare = 1 / few.feedForwardSpeedup.median
    let manyShare = 1 / many.feedForwardSpeedup.median
    let slope = max(0, (manyShare - fewShare) / 0.3)
    return (dense / count, (fewShare - 0.3 * slope) * dense / count, slope * dense / count)
  }

  /// The widest batch up to which the plans' steps are no slower than dense ones; 0 where even single tokens
  /// are. Measured times scatter by some per cent, so no loss at all is allowed here.
  func widestBatch(_ plans: [Int: FeedForwardPlan]) throws(SparrowError) -> Int {
    guard !plans.isEmpty else { return 0 }
    try model.install(plans)
    let sweep = try DensitySweep.run(
      model, options: .init(densities: [], batches: [1, 2, 4, 8, 16], steps: 16, repetitions: 9))
    var widest = 0
    for point in sweep.points {
      guard point.stepSpeedup.median >= 1 else { break }
      widest = point.batch
    }
    return widest
  }
}
