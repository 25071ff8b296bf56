extension FeedForwardCalibration {
  /// What predicts which neurons a token needs.
  public enum Method: String, Sendable, CaseIterable {
    /// HiRE's approximate products of gate and up.
    case sketch
    /// Deja Vu's two linear maps, by regression.
    case lowRank = "low-rank"
    /// LTE's one linear map, by regression.
    case router
    /// CATS: the exact gate.
    case magnitude
    /// The exact activations, for comparison.
    case exact
  }

  /// What groups of neurons are made by.
  public enum Grouping: String, Sendable, CaseIterable {
    /// Neighbours in the model's own order.
    case natural
    /// Rows of gate that are alike (LTE).
    case weights
    /// Activity in the same samples.
    case activity
  }
}
