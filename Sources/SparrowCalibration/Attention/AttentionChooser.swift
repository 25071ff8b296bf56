internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowSparsity

/// Chooses the layers whose attention becomes sparse: those first that change the model least.
///
/// Every layer is measured once by decoding with its attention alone sparse; Deja Vu leaves first
/// and last layers dense by hand (arXiv 2310.17157, section 5), here the divergence says which. As
/// many layers as the target allows are then taken in that order, measured together.
final class AttentionChooser {
  private let model: Model
  private let fits: [AttentionFit]
  private let probe: PlanProbe

  /// `heldOut` are windows of tokens that fitting has not seen. Makes all layers sparse. Throws as
  /// `PlanProbe`.
  init(
    _ model: Model, _ fits: [AttentionFit], heldOut: [[Int32]], progress: Progress
  ) throws(SparrowError) {
    self.model = model
    self.fits = fits
    try model.install(
      SparsePlan(attention: Dictionary(uniqueKeysWithValues: fits.map { ($0.layer, $0.plan) })))
    probe = try PlanProbe(model, heldOut: heldOut, positions: 640, progress: progress)
  }

  /// Throws `.argument` for a density that the layers cannot reach, `.cancelled`.
  func choose(
    _ target: PlanTarget, progress: Progress
  ) throws(SparrowError) -> AttentionCalibration.Choice {
    var divergences: [Double] = []
    for (index, fit) in fits.enumerated() {
      let result = try measure(
        [fit],
        progress: progress.part(0..<0.7, "measuring what layers cost").part(index, of: fits.count))
      divergences.append(result.divergence)
    }
    // Logits that are not numbers: the layer's sparse form is of no use.
    let order = fits.indices.filter { divergences[$0].isFinite }
      .sorted { divergences[$0] < divergences[$1] }
    func first(_ count: Int) -> [AttentionFit] { order.prefix(count).map { fits[$0] } }
    var count = 0
    switch target {
    case .density(let density):
      while meanDensity(first(count)) > Double(density) + 1e-6 {
        guard count < order.count else {
          let least = Quantity.fixed(meanDensity(first(count)) + 5e-4, 3)
          throw SparrowError(
            .argument, file: model.path, field: "attention target", found: "density=\(density)",
            expected: "at least \(least), what all layers together reach")
        }
        count += 1
      }
    case .perplexity(let ratio):
      let limit = naturalLog(Double(ratio))
      var most = order.count
      while count < most {
        let middle = (count + most + 1) / 2
        let left = Double(most - count) / Double(order.count)
        let result = try measure(
          first(middle),
          progress: progress.part(0.7..<0.9, "measuring layers together").part(1 - left..<1))
        if result.logRatio + result.error <= limit { count = middle } else { most = middle - 1 }
      }
    }
    try progress.report(0.9, "measuring speed")
    var chosen = first(count)
    let speed = chosen.isEmpty ? nil : try AttentionSpeed(model).measure(plans(chosen))
    // Who asks for a density gets it; who asks for speed gets none that does not pay.
    if case .perplexity = target, let speed, speed < 1 { chosen = [] }
    let layers = plans(chosen)
    return AttentionCalibration.Choice(
      layers: layers, speedup: speed, context: AttentionSpeed.context(model),
      reports: zip(fits, divergences).map { fit, divergence in
        .init(
          layer: fit.layer, density: fit.density, recall: fit.recall, loss: fit.loss,
          divergence: divergence, isSparse: layers[fit.layer] != nil)
      })
  }

  private func measure(
    _ fits: [AttentionFit], progress: Progress
  ) throws(SparrowError) -> PlanProbe.Result {
    model.backend.use(SparsePlan(attention: plans(fits)))
    return try probe.measure([:], progress: progress)
  }

  private func plans(_ fits: [AttentionFit]) -> [Int: AttentionPlan] {
    Dictionary(uniqueKeysWithValues: fits.map { ($0.layer, $0.plan) })
  }

  /// Over all layers, dense ones counting 1.
  private func meanDensity(_ sparse: [AttentionFit]) -> Double {
    let saved = sparse.reduce(0) { $0 + 1 - Double($1.density) }
    return 1 - saved / Double(model.configuration.layers.count)
  }
}
