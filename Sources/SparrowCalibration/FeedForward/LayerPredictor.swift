internal import CSparrowKernels
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity
internal import SparrowTransformer

/// One layer's fitted predictor and what it says of the held-out samples.
struct LayerPredictor {
  var predictor: FeedForwardPlan.Predictor
  private let neurons: Int
  /// Scores of neurons, or of the group that each is in, `[samples, neurons]`; nil once they were
  /// taken.
  private(set) var scores: FloatRows?
  var groupSize = 1
  var order: [Int32] = []
  var isLookahead = false
  var rest = FeedForwardPlan.Rest.nothing
  /// Neurons that every token gets, ascending.
  private(set) var common: [Int32] = []
  /// The threshold of a recall, where activations are zero or not.
  var recallThreshold: RecallThreshold?
  private let samples: Int

  init(
    _ predictor: FeedForwardPlan.Predictor, neuronScores scores: FloatRows, samples: Int,
    groupSize: Int = 1, order: [Int32] = []
  ) {
    self.predictor = predictor
    self.groupSize = groupSize
    self.order = order
    self.samples = samples
    neurons = scores.columns
    self.scores = Self.spread(
      Self.groupSums(scores, samples, groupSize, order), samples, groupSize, order)
  }

  /// Linear maps, whose scores are of groups already.
  init(
    _ predictor: FeedForwardPlan.Predictor, groupScores scores: FloatRows, samples: Int,
    groupSize: Int, order: [Int32]
  ) {
    self.predictor = predictor
    self.groupSize = groupSize
    self.order = order
    self.samples = samples
    neurons = scores.columns * groupSize
    self.scores = Self.spread(scores, samples, groupSize, order)
  }

  /// The scores, which are kept no longer: all layers' together would be large.
  mutating func takeScores() -> FloatRows {
    guard let scores else { preconditionFailure("scores that were taken before") }
    self.scores = nil
    return scores
  }

  /// Gives every token these neurons, whatever their scores are. For single neurons.
  mutating func keepAlways(_ neurons: [Int32]) {
    guard let scores, groupSize == 1 else { preconditionFailure("no scores of single neurons") }
    common = neurons
    for sample in 0..<samples {
      for neuron in neurons { scores[sample][Int(neuron)] = .greatestFiniteMagnitude }
    }
  }

  /// The plan that touches this part of the neurons, or what the recall's threshold takes.
  ///
  /// One threshold for all tokens where scores are exact or nearly so, which leaves each token what
  /// it needs: gates (CATS) and int4 or int5 sketches. Coarser scores differ between tokens by
  /// their errors, and keep as many for each; so does a layer of so many zeros that its threshold
  /// would be zero too, which all scores reach.
  func plan(density: Float, tradeoff: Tradeoff) -> FeedForwardPlan {
    let threshold = tradeoff.point(at: density).threshold
    var plan = FeedForwardPlan(
      predictor: predictor, selector: .threshold(threshold),
      groupSize: groupSize, order: order, common: common, lookahead: isLookahead,
      density: density, rest: rest)
    if let recallThreshold {
      plan.density = recallThreshold.density
      plan.selector = .threshold(recallThreshold.threshold)
      if case .router(var maps) = predictor {
        // LTE's selector takes the sigmoid from a half on, so the bias takes the threshold.
        for group in maps.bias.indices { maps.bias[group] -= recallThreshold.threshold }
        plan.predictor = .router(maps)
        plan.selector = .threshold(0.5)
      }
    } else if !keepsThreshold || threshold <= 0 {
      let groups = Int((density * Float(neurons / groupSize)).rounded())
      plan.selector = .topK(common.isEmpty ? groups : max(1, groups - common.count))
    }
    return plan
  }

  private var keepsThreshold: Bool {
    switch predictor {
    case .gate: true
    case .sketch(let sketch): sketch.basis.isEmpty
    case .lowRank, .router, .exact: false
    }
  }

  /// Sums of neurons' scores over groups, as decoding takes them.
  private static func groupSums(
    _ scores: FloatRows, _ samples: Int, _ groupSize: Int, _ order: [Int32]
  ) -> FloatRows {
    guard groupSize > 1 else { return scores }
    let result = FloatRows(rows: samples, columns: scores.columns / groupSize)
    for sample in 0..<samples {
      for place in 0..<scores.columns {
        let neuron = order.isEmpty ? place : Int(order[place])
        result[sample][place / groupSize] += scores[sample][neuron]
      }
    }
    return result
  }

  /// Each neuron's group's score.
  private static func spread(
    _ scores: FloatRows, _ samples: Int, _ groupSize: Int, _ order: [Int32]
  ) -> FloatRows {
    guard groupSize > 1 else { return scores }
    let result = FloatRows(rows: samples, columns: scores.columns * groupSize)
    for sample in 0..<samples {
      for place in 0..<result.columns {
        let neuron = order.isEmpty ? place : Int(order[place])
        result[sample][neuron] = scores[sample][place / groupSize]
      }
    }
    return result
  }
}
