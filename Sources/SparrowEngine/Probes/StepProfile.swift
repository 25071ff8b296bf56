package import SparrowTransformer

/// Where a step's time goes, each operation until all workers are done with it.
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

  package mutating func add(_ time: Double, to part: Part) { seconds[part.rawValue] += time }
  package mutating func endStep() { steps += 1 }
}

extension Operation.Kind {
  /// Where a profile counts the operation; the same for every backend.
  package var part: StepProfile.Part {
    switch self {
    case .embed, .addPositions, .addTokenType, .norm, .add, .scale, .head, .sketch, .candidates,
      .exact:
      .other
    case .multiply(let kind, _, _, _):
      LayerInput(of: kind)?.part ?? .attention
    case .multiplyLarge(let input, _, _, _): input.part
    case .project, .normHeads, .rotate, .append, .attend, .gateHeads, .predictHeads, .selectHeads,
      .keepInput, .projectHeads, .appendHeads, .attendHeads, .sparseOutput:
      .attention
    case .predict: .predict
    case .select: .select
    case .activate, .feedForward, .sparseFeedForward: .feedForward
    }
  }
}

extension LayerInput {
  fileprivate var part: StepProfile.Part {
    switch self {
    case .attention, .output: .attention
    case .feedForward, .down: .feedForward
    }
  }
}
