internal import SparrowCore

extension Selector {
  /// The selector that picks from logits what this one picks from their sigmoid: only a threshold
  /// differs.
  ///
  /// Statistical top-k is then taken over logits, which are nearer to normal than their sigmoids.
  package var onLogits: Selector {
    guard case .threshold(let probability) = self else { return self }
    if probability <= 0 { return .threshold(-.infinity) }
    if probability >= 1 { return .threshold(.infinity) }
    return .threshold(Float(naturalLog(Double(probability) / (1 - Double(probability)))))
  }
}
