package import SparrowCore

extension FeedForwardPlan {
  /// This plan's top-k in HiRE's two stages: `predictor` picks `factor` times k candidates of a
  /// network of `neurons`, of which k are kept by their exact activations.
  ///
  /// Throws `.argument` where the plan keeps no top-k, or for a factor below 1.
  package func fetching(
    _ factor: Double, by predictor: Predictor, neurons: Int
  ) throws(SparrowError) -> FeedForwardPlan {
    guard case .topK(let k) = kept ?? selector else {
      throw SparrowError(
        .argument, field: "selector", found: "\(kept ?? selector)", expected: "top-k")
    }
    guard factor >= 1, factor.isFinite else {
      throw SparrowError(
        .argument, field: "candidates", found: "\(factor) times k", expected: "1 or more")
    }
    let groups = neurons / groupSize
    let candidates = Int(min((Double(k) * factor).rounded(), Double(groups - common.count)))
    var plan = self
    plan.predictor = predictor
    plan.selector = .topK(candidates)
    plan.kept = .topK(k)
    plan.density = Float(candidates + common.count) / Float(groups)
    return plan
  }
}
