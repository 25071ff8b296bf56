public import SparrowCore

/// What a plan is chosen for.
public enum PlanTarget: Sendable, Equatable {
  /// The best fidelity at this mean density over all layers, dense ones counting 1.
  case density(Float)
  /// The least time at a perplexity at most this many times the dense one's.
  case perplexity(Float)

  /// Reads `density=0.5` or `perplexity=1.03`. Throws `.argument` for anything else.
  public init(_ text: String) throws(SparrowError) {
    let parts = text.split(separator: "=", maxSplits: 1)
    let value = parts.count == 2 ? Float(String(parts[1])) : nil
    switch (parts.first, value) {
    case ("density", let value?) where value > 0 && value <= 1: self = .density(value)
    case ("perplexity", let value?) where value >= 1 && value < 100: self = .perplexity(value)
    default:
      throw SparrowError(
        .argument, field: "target", found: text,
        expected: "density=0.05 to density=1, or perplexity=1 to perplexity=99")
    }
  }
}
