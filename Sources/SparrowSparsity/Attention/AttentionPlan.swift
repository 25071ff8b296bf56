public import SparrowCore
public import SparrowTransformer

/// How one layer's attention chooses its head groups for a token.
///
/// A head group is the query heads that share one key/value head; in multi-head models it is one
/// head. The groups that are not selected do no query, score, value or output work, and their cache
/// is not read: Deja Vu's head sparsity (arXiv 2310.17157, section 4.2).
public struct AttentionPlan: Sendable, Equatable {
  /// What turns the attention's input into a score for each head group.
  public enum Predictor: Sendable, Equatable {
    /// Deja Vu: two linear maps.
    case lowRank(LinearPredictor)
    /// One linear map to logits, as LTE's router; the selector sees their sigmoid.
    case router(LinearPredictor)
    /// The oracle: the L2 norm of each group's exact output (Deja Vu's labels); only the output
    /// matrix is sparse.
    case exact
  }

  public var predictor: Predictor
  public var selector: Selector
  /// Scores come from the input of the attention before (Deja Vu's latency code: the input of
  /// attention l tells the heads of l + 1). The first layer has none and takes its own.
  public var lookahead: Bool
  /// Part of the head groups that a token selects on average, 0...1, as calibration measured it;
  /// nil if unknown.
  public var density: Float?

  public init(
    predictor: Predictor, selector: Selector, lookahead: Bool = false, density: Float? = nil
  ) {
    self.predictor = predictor
    self.selector = selector
    self.lookahead = lookahead
    self.density = density
  }

  /// The name of the predictor in adapters, commands and reports.
  public var predictorName: String {
    switch predictor {
    case .lowRank: "low_rank"
    case .router: "router"
    case .exact: "exact"
    }
  }

  /// Bytes that predicting reads for a token, beyond the model's own matrices.
  public var predictorBytes: Int { maps?.byteCount ?? 0 }
}

extension AttentionPlan: LayerPlan {
  package var maps: LinearPredictor? {
    switch predictor {
    case .lowRank(let maps), .router(let maps): maps
    case .exact: nil
    }
  }
  package var isRouter: Bool { if case .router = predictor { true } else { false } }
  package var scoresOwnResult: Bool { predictor == .exact }
}

extension AttentionPlan {
  /// Throws `.malformed`, naming `file` and the field, unless every part fits an attention of this
  /// description and `hidden` inputs, and `.unsupported` for one whose heads need each other.
  public func validate(
    file: String, name: String, attention: AttentionDescription, hidden: Int
  ) throws(SparrowError) {
    try validateParts(file: file, name: name)
    if let reason = attention.needsAllHeads {
      throw SparrowError(
        .unsupported, file: file, field: name, found: reason,
        expected: "heads that can be left out one by one")
    }
    try maps?.validate(
      file: file, name: name, groups: attention.keyValueHeads, hidden: hidden)
  }

  /// Throws `.malformed` unless the parts fit each other, whatever the attention.
  func validateParts(file: String, name: String) throws(SparrowError) {
    try validateShared(PlanCheck(file: file, name: name))
  }
}

extension AttentionDescription {
  /// Why no head can be left out; nil where they can.
  public var needsAllHeads: String? {
    if headNorm != nil && headNormSpan == .allHeads { return "a norm over all heads at once" }
    return isGated ? "gates on the heads' results" : nil
  }
}
