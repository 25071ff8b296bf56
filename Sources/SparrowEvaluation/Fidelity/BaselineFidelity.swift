public import SparrowMeasure

/// How near a trained model is to the one that training began with: its dense self, and as it
/// decodes.
public struct BaselineFidelity: Sendable, Equatable {
  /// The baseline's negative log likelihoods of the text's tokens, in nats.
  public var loss = SampleMean()
  /// The dense self beside the baseline.
  public var dense = Nearness()
  /// The sparse body beside the baseline, with the dense head.
  public var body = Nearness()
  /// Part of the positions where the sparse model's own head names the baseline's greedy token.
  public var headSameTop = SampleMean()

  public init() {}

  /// Counts a position: what the sparse body, its own head and the dense self make of it.
  mutating func add(
    _ sparse: ScoredPosition, ownTop: Int32, dense own: ScoredPosition,
    beside other: ScoredPosition
  ) {
    loss.add(other.loss)
    dense.add(own, beside: other)
    body.add(sparse, beside: other)
    headSameTop.add(ownTop == other.top ? 1 : 0)
  }
}
