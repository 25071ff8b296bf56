public import SparrowCore

/// Steers eta, the weight of the efficiency loss (LTE, section 3.2), so that the density reaches a target.
///
/// Integral control in log eta: each step adds `gain` times logit(density) - logit(target), the density
/// smoothed and the difference kept within ±1. In these scales because routers are sigmoids and eta's useful
/// values span decades: the one then answers the other about evenly, at 0.2 as at 0.9. Routers follow
/// eta with a lag; a gain of 1 / (4 · lag · slope) is the greatest that does not swing, which for a slope of
/// 1/2 and a lag of 100 steps is 0.005. Eta stays within its bounds, so that the integral cannot wind up.
public struct DensityController: Codable, Sendable, Equatable {
  /// The part of the neurons that tokens shall touch.
  public let target: Double
  /// Added to log eta a step for each unit of logit(density) - logit(target).
  public let gain: Double
  /// Steps over which measured densities are averaged, exponentially.
  public let smoothing: Double
  public let least: Double
  public let most: Double
  /// The weight for the next step.
  public private(set) var eta: Double
  /// The average of what was measured; nil before the first step.
  public private(set) var density: Double?

  /// Throws `.argument` for a target outside 0 to 1 and for bounds that eta is not within.
  public init(
    target: Double, eta: Double = 0.1, bounds: ClosedRange<Double> = 1e-4...1e3,
    gain: Double = 0.005, smoothing: Double = 20
  ) throws(SparrowError) {
    guard target > 0, target < 1 else {
      throw SparrowError(
        .argument, field: "target density", found: "\(target)", expected: "above 0, below 1")
    }
    guard bounds.lowerBound > 0, bounds.upperBound.isFinite, bounds.contains(eta) else {
      throw SparrowError(
        .argument, field: "eta", found: "\(eta)",
        expected: "within \(bounds.lowerBound) and \(bounds.upperBound), above 0")
    }
    guard gain > 0, gain.isFinite, smoothing >= 1, smoothing.isFinite else {
      throw SparrowError(
        .argument, field: "density controller", found: "gain \(gain), smoothing \(smoothing)",
        expected: "a gain above 0 and a smoothing of at least 1 step")
    }
    self.target = target
    self.eta = eta
    self.gain = gain
    self.smoothing = smoothing
    (least, most) = (bounds.lowerBound, bounds.upperBound)
  }

  /// Takes the density that a step measured, 0 to 1; what is no number changes nothing.
  public mutating func update(density measured: Double) {
    guard measured.isFinite else { return }
    let density = self.density.map { $0 + (measured - $0) / smoothing } ?? measured
    self.density = density
    // Densities of 0 and 1 have no logit, but a direction.
    let error = min(1, max(-1, Self.logit(density) - Self.logit(target)))
    eta = min(most, max(least, eta * exponential(gain * error)))
  }

  private static func logit(_ part: Double) -> Double { naturalLog(part / (1 - part)) }
}

extension DensityController {
  /// This controller where another run's stood.
  func resumed(eta: Double, density: Double?) throws(SparrowError) -> DensityController {
    var resumed = try DensityController(
      target: target, eta: eta, bounds: least...most, gain: gain, smoothing: smoothing)
    resumed.density = density
    return resumed
  }
}
