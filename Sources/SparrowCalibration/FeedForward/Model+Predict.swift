internal import Sparrow
internal import SparrowEngine
internal import SparrowNumerics
internal import SparrowSparsity

extension Model {
  /// The scores that a fitted predictor gives the first `count` inputs of a layer's network,
  /// `[inputs, hidden]`, by the kernels that decode: thresholds are cut in what those will see.
  ///
  /// Scores are `[inputs, neurons]`, or of groups from linear maps; a router's without its sigmoid,
  /// which keeps the order. Estimates are there where `rest` wants them.
  func predict(
    _ predictor: FeedForwardPlan.Predictor, rest: FeedForwardPlan.Rest = .nothing, layer: Int,
    _ inputs: FloatRows, count: Int, groupSize: Int = 1
  ) -> (scores: FloatRows, estimates: FloatRows?) {
    let plan = FeedForwardPlan(
      predictor: predictor, selector: .topK(1), groupSize: groupSize, rest: rest)
    let found = exclusively {
      backend.predict(plan, layer: layer, inputs: inputs[0], count: count)
    }
    func rows(_ values: [Float]) -> FloatRows {
      FloatRows(values, columns: values.count / count)
    }
    return (rows(found.scores), found.estimates.isEmpty ? nil : rows(found.estimates))
  }
}
