public import SparrowCore

/// What a plan is chosen for.
public enum PlanTarget: Sendable, Equatable {
  /// The best fidelity at this mean density over all layers, dense ones counting 1.
  case density(Float)
  /// The least time at a perplexity at most this many times the dense one's.
  case perplexity(Float)

  /// The least density that layers are given: what they lose is measured from here on.
  static let leastDensity = Tradeoff.densities[0]

  /// What the sparse layers of a plan come to, about: where costs are measured. A layer that is
  /// sparse for speed touches a third or less, since more does not pay, and few per cent where the
  /// rest is estimated.
  func typicalDensity(isEstimated: Bool) -> Float {
    switch self {
    case .density(let density): min(0.9, max(isEstimated ? 0.01 : 0.1, density))
    case .perplexity: isEstimated ? 0.05 : 0.3
    }
  }

  /// Reads `density=0.5` or `perplexity=1.03`. Throws `.argument` for anything else.
  public init(_ text: String) throws(SparrowError) {
    let parts = text.split(separator: "=", maxSplits: 1)
    let value = parts.count == 2 ? Float(String(parts[1])) : nil
    switch (parts.first, value) {
    case ("density", let value?): self = .density(value)
    case ("perplexity", let value?): self = .perplexity(value)
    default: throw Self.refusal(text)
    }
    try validate()
  }

  /// Throws `.argument` for numbers outside their ranges.
  func validate() throws(SparrowError) {
    switch self {
    case .density(let value) where value >= 0 && value < Self.leastDensity:
      throw SparrowError(
        .argument, field: "target", found: "density=\(value)",
        expected: "at least \(Self.leastDensity), since what layers lose is not measured below")
    case .density(let value) where !(Self.leastDensity...1).contains(value):
      throw Self.refusal("density=\(value)")
    case .perplexity(let value) where !(value >= 1 && value < 100):
      throw Self.refusal("perplexity=\(value)")
    default: break
    }
  }

  private static func refusal(_ found: String) -> SparrowError {
    SparrowError(
      .argument, field: "target", found: found,
      expected: "density=\(leastDensity) to density=1, or perplexity=1 to perplexity=99")
  }
}
