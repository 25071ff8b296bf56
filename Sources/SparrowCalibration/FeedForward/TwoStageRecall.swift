internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

/// What a plan of two stages finds on held-out samples.
struct TwoStageRecall {
  private let plan: FeedForwardPlan
  /// As `FeedForwardPlan.predictedGroups`.
  private let groups: [Int32]

  init(_ plan: FeedForwardPlan, width: Int) {
    self.plan = plan
    groups = plan.predictedGroups(width: width)
  }

  /// `scores` and `activations` are of neurons, `[samples, neurons]`; `lengths` those of down's
  /// columns.
  func report(
    layer: Int, scores: FloatRows, activations: FloatRows, lengths: [Float], samples: Int
  ) -> FeedForwardCalibration.LayerReport {
    var report = FeedForwardCalibration.LayerReport(
      layer: layer, density: plan.density ?? 1, recall: 0, loss: 0)
    for sample in 0..<samples {
      let candidates = plan.selector.select(sums(scores[sample]))
      let exact = sums(activations[sample])
      report.recall += Float(candidates.recall(of: plan.kept!.select(exact))) / Float(samples)
      var known = [Float](repeating: .nan, count: exact.count)
      for group in candidates.indices { known[Int(group)] = exact[Int(group)] }
      let kept = Set(plan.kept!.select(known).indices)
      var all: Float = 0
      var lost: Float = 0
      for (neuron, group) in groups.enumerated() {
        let size = activations[sample][neuron] * lengths[neuron]
        all += size * size
        if group >= 0, !kept.contains(group) { lost += size * size }
      }
      if all > 0 { report.loss += lost / all / Float(samples) }
    }
    return report
  }

  /// Sums of sizes over groups; no numbers for the common path, which is never chosen.
  private func sums(_ values: UnsafePointer<Float>) -> [Float] {
    var sums = [Float](repeating: 0, count: groups.count / plan.groupSize)
    for (neuron, group) in groups.enumerated() where group >= 0 {
      sums[Int(group)] += abs(values[neuron])
    }
    for group in plan.common { sums[Int(group)] = .nan }
    return sums
  }
}
