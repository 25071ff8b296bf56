import Sparrow
import SparrowSparsity
internal import SparrowTransformer

/// A model's plans at other densities, which select as its own do: by a threshold where those have one for single
/// neurons, else the top part of the groups.
struct SweepPlans {
  private let model: Model
  /// Of the layers with thresholds, falling.
  private let scores: [Int: [Float]]

  /// Decodes the tokens of `run`, a batch of 1, with the model's own plans to see what scores are like.
  init(_ model: Model, _ run: SweepRun) {
    self.model = model
    let layers = model.layerPlans.filter { $1.hasThresholdOfNeurons }.keys
    scores = layers.isEmpty ? [:] : run.scores(of: Array(layers)).mapValues { $0.sorted(by: >) }
  }

  func plans(density: Float) -> [Int: FeedForwardPlan] {
    var plans = model.layerPlans
    for (layer, plan) in plans {
      let groups = model.configuration.layers[layer].feedForward.width / plan.groupSize
      plans[layer]!.selector = .topK(max(1, Int((density * Float(groups)).rounded())))
      guard let scores = scores[layer], !scores.isEmpty else { continue }
      let threshold = scores[min(scores.count - 1, Int(density * Float(scores.count)))]
      // All scores reach a threshold of zero.
      if threshold > 0 { plans[layer]!.selector = .threshold(threshold) }
    }
    return plans
  }
}

extension FeedForwardPlan {
  /// Whether its scores are sizes of single neurons, cut at a threshold.
  fileprivate var hasThresholdOfNeurons: Bool {
    guard case .threshold = selector, groupSize == 1, order.isEmpty, common.isEmpty else {
      return false
    }
    switch predictor {
    case .sketch, .gate, .exact: return true
    case .lowRank, .router: return false
    }
  }
}
