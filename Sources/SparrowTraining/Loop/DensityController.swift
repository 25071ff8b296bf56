package import SparrowCore

/// Steers eta, the weight of the efficiency loss (LTE, section 3.2), so that the density reaches a
/// target.
///
/// Proportional and integral control of a drive, eta being `scale` · sinh(drive): useful values
/// span decades, so that the drive counts in powers of e where it is large; and it passes through
/// zero, since nothing else brings groups back that the model has learnt to do without. A step's
/// error is logit(density) - logit(target), the density smoothed and the error kept within ±1:
/// routers are sigmoids, which answer about evenly in these scales, at 0.2 as at 0.9. Routers
/// follow eta with a lag, and by Adam's steps, whose length does not depend on it: the proportional
/// part turns eta round before the target is missed, and the integral finds what holds it.
package struct DensityController: Sendable, Equatable {
  /// The part of the neurons that tokens shall touch in the end.
  package let target: Double
  /// How the target comes there; nil is at once.
  package let ramp: Ramp?
  /// Of the stage, from 0: where the ramp is. Whoever runs the steps sets it.
  package var step = 0
  /// Added to the integral a step for each unit of error.
  package let gain: Double
  /// Added to the drive for each unit of error.
  package let proportion: Double
  /// Steps over which measured densities are averaged, exponentially.
  package let smoothing: Double
  /// Bounds of eta's size.
  package let most: Double
  /// The drive's part that remembers; its bound, eta's, keeps it from winding up.
  package private(set) var integral: Double
  /// The average of what was measured; nil before the first step.
  package private(set) var density: Double?

  private static let scale = 0.01

  /// A target that goes from a density to the last one in even steps of its logit, so that groups
  /// leave one by one while the model adapts.
  package struct Ramp: Sendable, Equatable {
    /// The target of step 0.
    package let from: Double
    /// The step that has the last target.
    package let steps: Int

    package init(from: Double, steps: Int) {
      self.from = from
      self.steps = steps
    }
  }

  /// Begins at `eta`, which is better too small: what it pushes off comes back slowly.
  ///
  /// Throws `.argument` for a target or a ramp's start outside 0 to 1 and for an eta that is not
  /// within `most`.
  package init(
    target: Double, ramp: Ramp? = nil, eta: Double = 0.01, most: Double = 1e3, gain: Double = 0.03,
    proportion: Double = 4, smoothing: Double = 5
  ) throws(SparrowError) {
    guard target > 0, target < 1 else {
      throw SparrowError(
        .argument, field: "target density", found: "\(target)", expected: "above 0, below 1")
    }
    if let ramp, !(ramp.from > 0 && ramp.from < 1 && ramp.steps >= 0) {
      throw SparrowError(
        .argument, field: "ramp", found: "from \(ramp.from) in \(ramp.steps) steps",
        expected: "from a density above 0 and below 1 in at least 0 steps")
    }
    guard most > 0, most.isFinite, eta > 0, eta <= most else {
      throw SparrowError(
        .argument, field: "eta", found: "\(eta)", expected: "above 0, at most \(most)")
    }
    guard gain > 0, gain.isFinite, proportion >= 0, proportion.isFinite, smoothing >= 1,
      smoothing.isFinite
    else {
      throw SparrowError(
        .argument, field: "density controller",
        found: "gain \(gain), proportion \(proportion), smoothing \(smoothing)",
        expected: "a gain above 0, a proportion of at least 0, a smoothing of at least 1 step")
    }
    self.target = target
    self.ramp = ramp
    self.gain = gain
    self.proportion = proportion
    self.smoothing = smoothing
    self.most = most
    integral = Self.drive(eta)
  }

  /// The weight for the next step; below 0 it asks for more neurons.
  package var eta: Double {
    let drive = integral + proportion * (error ?? 0)
    let size = Self.scale * (exponential(abs(drive)) - exponential(-abs(drive))) / 2
    return (drive < 0 ? -1 : 1) * min(most, size)
  }

  /// Takes the density that a step measured, 0 to 1; what is no number changes nothing.
  package mutating func update(density measured: Double) {
    guard measured.isFinite else { return }
    density = density.map { $0 + (measured - $0) / smoothing } ?? measured
    let bound = Self.drive(most)
    integral = min(bound, max(-bound, integral + gain * (error ?? 0)))
  }

  /// Densities of 0 and 1 have no logit, but a direction. nil before the first step.
  private var error: Double? {
    density.map { min(1, max(-1, Self.logit($0) - wantedLogit)) }
  }

  /// The logit of this step's target.
  private var wantedLogit: Double {
    let last = Self.logit(target)
    guard let ramp, step < ramp.steps else { return last }
    let rest = 1 - Double(step) / Double(ramp.steps)
    return last + (Self.logit(ramp.from) - last) * rest
  }

  /// asinh(eta / scale).
  private static func drive(_ eta: Double) -> Double {
    let part = eta / scale
    return naturalLog(part + (part * part + 1).squareRoot())
  }

  private static func logit(_ part: Double) -> Double { naturalLog(part / (1 - part)) }
}

extension DensityController {
  /// This controller where a run left it. Throws `.argument` for what it never reaches.
  func resumed(integral: Double, density: Double?) throws(SparrowError) -> DensityController {
    guard abs(integral) <= Self.drive(most), density.map({ (0...1).contains($0) }) ?? true else {
      throw SparrowError(
        .argument, field: "density controller",
        found: "integral \(integral), density \(density ?? 0)",
        expected: "an integral within ±\(Self.drive(most)), a density of 0 to 1")
    }
    var resumed = self
    resumed.integral = integral
    resumed.density = density
    return resumed
  }
}
