import SparrowCore

/// Where a step's time goes, as the first worker sees it: each operation until all workers are done with it.
package struct StepProfile: Sendable, Equatable {
  package enum Part: Int, Sendable, CaseIterable {
    /// Projections, rotations, the cache, the scores and their sums.
    case attention
    /// Scores of neurons, the choice among them, and the network itself, dense or sparse.
    case predict, select, feedForward
    /// Embeddings, norms, the residual stream.
    case other
  }

  /// Seconds, by `Part.rawValue`.
  private var seconds = [Double](repeating: 0, count: Part.allCases.count)
  package private(set) var steps = 0

  package init() {}

  /// Seconds of a part, over all steps.
  package subscript(part: Part) -> Double { seconds[part.rawValue] }

  /// Milliseconds a step, without the head.
  package var milliseconds: Double {
    seconds.reduce(0, +) / Double(max(steps, 1)) * 1000
  }

  /// Milliseconds a step of everything that stands for feed-forward networks.
  package var feedForwardMilliseconds: Double {
    (self[.predict] + self[.select] + self[.feedForward]) / Double(max(steps, 1)) * 1000
  }

  mutating func add(_ time: Double, to part: Part) { seconds[part.rawValue] += time }
  mutating func endStep() { steps += 1 }
}

extension LoweredOperation {
  var part: StepProfile.Part {
    switch self {
    case .embed, .addPositions, .add, .norm, .scale: .other
    case .multiply(let kernel): kernel.source?.part ?? .attention
    case .multiplyLarge(let kernel): kernel.source.part
    case .activate: .feedForward
    case .heads, .attend, .gateHeads, .predictHeads, .selectHeads, .keepInput, .projectHeads,
      .appendHeads, .attendHeads, .sparseOutput:
      .attention
    case .predict: .predict
    case .select: .select
    case .feedForward, .sparseFeedForward: .feedForward
    }
  }
}
