package import SparrowCore

/// What a synthetic step leaves untouched, and what finds that out.
///
/// Predictors are computed in full. Which rows they select is then left to chance at the density
/// that is asked for, since random weights have no activity of their own.
package struct SyntheticSparsity: Sendable, Equatable {
  package enum Predictor: Sendable, Equatable {
    /// Selections lie on the device already.
    case given
    /// Two matrices of this rank between, for the neurons; for the next layer's heads too where
    /// those are sparse. The first ones read what the projections read.
    case lowRank(Int)
    /// A row for each group of neurons, by what the projections read.
    case router
    /// The first matrix in four bits, by what the network reads.
    case sketch
  }

  /// Of the neurons.
  package let density: Double
  /// Of the heads; nil computes all.
  package let headDensity: Double?
  package let predictor: Predictor
  /// How a predictor of low rank or a router is stored; nil: as the weights are.
  package let predictorFormat: StepFormat?
  /// Neurons that are selected together.
  package let group: Int
  /// Networks of every so many layers are sparse, from the first one on.
  package let every: Int
  /// A sketch of four bits finds the tokens whose logits are computed.
  package let hasSparseHead: Bool

  /// Throws `.argument` for densities outside (0, 1], a rank that is no multiple of 256, and groups
  /// or heads that the predictor does not select.
  package init(
    density: Double, headDensity: Double? = nil, predictor: Predictor,
    predictorFormat: StepFormat? = nil, group: Int = 1, every: Int = 1,
    hasSparseHead: Bool = false, of shape: SyntheticShape
  ) throws(SparrowError) {
    func check(_ holds: Bool, _ field: String, _ found: Any, _ expected: String)
      throws(SparrowError)
    {
      guard !holds else { return }
      throw SparrowError(.argument, field: field, found: "\(found)", expected: expected)
    }
    try check(density > 0 && density <= 1, "--density", density, "above 0, up to 1")
    if let headDensity {
      try check(headDensity > 0 && headDensity <= 1, "--heads", headDensity, "above 0, up to 1")
      try check(
        predictor != .router && predictor != .sketch && every == 1, "--heads", headDensity,
        "none beside a router, a sketch or --every")
    }
    if case .lowRank(let rank) = predictor {
      try check(
        rank > 0 && rank <= 1024 && rank % 256 == 0, "--rank", rank,
        "a multiple of 256 up to 1024, to which 1000 is padded")
      try check(group == 1, "--group", group, "1 beside a predictor of low rank")
    }
    if predictor == .sketch || hasSparseHead {
      try check(shape.width == 2048, "--shape", shape.name, "a width of 2048 under a sketch")
      try check(group == 1, "--group", group, "1 beside a sketch")
    }
    if let predictorFormat {
      let isRead = predictor != .given && predictor != .sketch
      try check(
        isRead && (predictorFormat == .bf16 || shape.takesBlocks), "--predictor-format",
        predictorFormat.rawValue,
        "a predictor of low rank or a router, and bf16 or a shape that takes blocks")
    }
    try check(every > 0, "--every", every, "1 or more")
    try check(
      group > 0 && shape.neurons % group == 0, "--group", group,
      "a divisor of the \(shape.neurons) neurons")
    self.density = density
    self.headDensity = headDensity
    self.predictor = predictor
    self.predictorFormat = predictorFormat == shape.format ? nil : predictorFormat
    self.group = group
    self.every = every
    self.hasSparseHead = hasSparseHead
  }

  func isSparse(layer: Int) -> Bool { layer % every == 0 }

  /// Rows behind a layer's projections.
  func predictorRows(of shape: SyntheticShape) -> Int {
    switch predictor {
    case .given, .sketch: 0
    case .lowRank(let rank): headDensity == nil ? rank : 2 * rank
    case .router: shape.neurons / group
    }
  }

  var rank: Int? { if case .lowRank(let rank) = predictor { rank } else { nil } }
}
