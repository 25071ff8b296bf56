public import SparrowSparsity

extension FeedForwardCalibration {
  /// Which layers become sparse, and how much.
  public enum Layers: Sendable, Equatable {
    /// Those that pay, at the densities that reach a target best.
    case target(PlanTarget)
    /// Every one, at the options' density: what training can start from.
    case all
    /// Those of a model that learnt with top-k: groups, common path and k are the plans'. Sketches
    /// fetch so many candidates for each k.
    case learnt([Int: FeedForwardPlan], candidatesPerK: Double)
  }

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
    /// The exact activations, for comparison; of groups MoEfication's choice.
    case exact
  }

  /// What the neurons give that a token does not select, as `FeedForwardPlan.Rest`.
  public enum Rest: String, Sendable, CaseIterable {
    /// Nothing; their columns of down are not read.
    case nothing
    /// What the sketch estimates, by the whole of down.
    case estimate
    /// The same by a sketch of down, in layers where that is smaller than down.
    case sketch
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
