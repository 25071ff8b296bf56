package import SparrowCore

/// The learning rate of each step: a linear rise, then constant or a cosine's fall (SGDR,
/// Loshchilov and Hutter 2017, equation 5, without restarts).
package struct LearningRate: Sendable, Equatable {
  package enum Decay: Sendable, Equatable {
    case constant
    /// Falls over the rest of `steps` to `floor` times the peak.
    case cosine(steps: Int, floor: Double)
  }

  package let peak: Double
  /// Steps of the rise; the peak is reached at step `warmUp`.
  package let warmUp: Int
  package let decay: Decay
  /// Steps of the stages before, over which the rise and the fall go on.
  package let before: Int

  /// Throws `.argument` for rates below 0, and for a fall that ends before the rise.
  package init(
    peak: Double, warmUp: Int = 0, decay: Decay = .constant, after before: Int = 0
  ) throws(SparrowError) {
    precondition(before >= 0, "steps before")
    guard peak.isFinite, peak >= 0 else {
      throw SparrowError(
        .argument, field: "learning rate", found: "\(peak)", expected: "0 or more")
    }
    guard warmUp >= 0 else {
      throw SparrowError(.argument, field: "warm-up", found: "\(warmUp)", expected: "0 or more")
    }
    if case .cosine(let steps, let floor) = decay {
      guard steps >= warmUp else {
        throw SparrowError(
          .argument, field: "warm-up", found: "\(warmUp)", expected: "at most all \(steps) steps")
      }
      guard (0...1).contains(floor) else {
        throw SparrowError(
          .argument, field: "learning rate's floor", found: "\(floor)", expected: "0 to 1")
      }
    }
    self.peak = peak
    self.warmUp = warmUp
    self.decay = decay
    self.before = before
  }

  /// The rate of a step of the stage, counted from 0. The run's first is no idle one: it has 1 /
  /// (warmUp + 1) of the peak.
  package func callAsFunction(_ stageStep: Int) -> Double {
    let step = before + max(stageStep, 0)
    guard step >= warmUp else { return peak * Double(step + 1) / Double(warmUp + 1) }
    switch decay {
    case .constant: return peak
    case .cosine(let steps, let floor):
      // The last step has the floor itself, and the rate stays there.
      let part = min(1, Double(step - warmUp) / Double(max(1, steps - 1 - warmUp)))
      return peak * (floor + (1 - floor) * 0.5 * (1 + cosine(.pi * part)))
    }
  }
}
