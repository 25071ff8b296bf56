public import SparrowMeasure

/// How near a trained model is to the one that training began with: its dense self, and as it
/// decodes.
public struct BaselineFidelity: Sendable, Equatable {
  /// The baseline's negative log likelihoods of the text's tokens, in nats.
  public var loss = SampleMean()
  public var dense = Nearness()
  public var body = Nearness()
  /// Part of the positions where the sparse model's own head names the baseline's greedy token.
  public var headSameTop = SampleMean()

  public init() {}

  mutating func add(
    _ own: ScoredPosition, ownTop: Int32, dense ownDense: ScoredPosition, beside other: ScoredPosition
  ) {
    loss.add(other.loss)
    dense.add(ownDense, beside: other)
    body.add(own, beside: other)
    headSameTop.add(ownTop == other.top ? 1 : 0)
  }
}
