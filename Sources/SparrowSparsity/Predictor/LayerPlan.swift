internal import SparrowCore

/// What plans of networks and of attention have in common: what scores, what picks, and from which
/// input.
package protocol LayerPlan {
  var selector: Selector { get }
  var lookahead: Bool { get }
  var density: Float? { get }
  var predictorName: String { get }
  /// The predictor's linear maps; nil where it has none.
  var maps: LinearPredictor? { get }
  /// Whether those are one map to logits, of which the selector sees the sigmoid.
  var isRouter: Bool { get }
  /// Whether scores are a part of the layer's own result, which nothing before it can tell.
  var scoresOwnResult: Bool { get }
}

extension LayerPlan {
  /// The selector for what kernels compute: they leave out a router's sigmoid, which keeps the
  /// order.
  package var scoreSelector: Selector { isRouter ? selector.onLogits : selector }

  /// Throws `.malformed` (a selector `.argument`) unless the shared parts fit each other.
  func validateShared(_ check: PlanCheck) throws(SparrowError) {
    try selector.validate(field: check.name + ".selector")
    if let density {
      try check.require((0...1).contains(density), "density", density, "0 to 1")
    }
    try check.require(
      !lookahead || !scoresOwnResult, "lookahead", "true with \(predictorName)",
      "a predictor of its own")
    guard let maps else { return }
    if isRouter {
      try check.require(maps.a == nil, "a", "a matrix", "none for a router")
    } else {
      try check.require(maps.a != nil, "a", "no matrix", "one of rank x hidden")
    }
    try maps.validate(file: check.file, name: check.name)
  }
}

/// Refuses what does not hold, naming the file and the field.
struct PlanCheck {
  let file: String
  let name: String

  func require(
    _ holds: Bool, _ part: String, _ found: Any, _ expected: String
  ) throws(SparrowError) {
    guard holds else {
      throw SparrowError(
        .malformed, file: file, field: name + "." + part, found: "\(found)", expected: expected)
    }
  }
}

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
