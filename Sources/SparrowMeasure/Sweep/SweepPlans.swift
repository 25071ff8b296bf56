import Sparrow
import SparrowSparsity
import SparrowTransformer

/// A model's plans at other densities, which select as its own do: by a threshold where those have
/// one for single neurons, else the top part of the groups.
struct SweepPlans {
  private let model: ModelConfiguration
  private let plan: SparsePlan
  /// Of the layers with thresholds, falling.
  private let scores: [Int: [Float]]

  /// Decodes the tokens of `run`, a batch of 1, with the model's own plans to see what scores are
  /// like.
  init(_ model: Model, _ run: SweepRun) {
    self.model = model.configuration
    plan = model.plan
    let layers = plan.networks.filter { $1.hasThresholdOfNeurons }.keys
    scores = layers.isEmpty ? [:] : run.scores(of: Array(layers)).mapValues { $0.sorted(by: >) }
  }

  func plan(density: Float) -> SparsePlan {
    var result = plan
    for (layer, plan) in plan.networks {
      let groups = model.layers[layer].feedForward.width / plan.groupSize
      result.networks[layer]!.selector = .topK(max(1, Int((density * Float(groups)).rounded())))
      guard let scores = scores[layer], !scores.isEmpty else { continue }
      let threshold = scores[min(scores.count - 1, Int(density * Float(scores.count)))]
      // All scores reach a threshold of zero.
      if threshold > 0 { result.networks[layer]!.selector = .threshold(threshold) }
    }
    return result
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
