internal import SparrowCore

/// How far training is, as a line for a terminal.
///
/// ```
/// step 1200 of 10000  12%  loss 3.213  density 0.52  41.2 k tokens/s  12:03 left
/// ```
package struct TrainingLine: Sendable {
  /// Steps of the whole run.
  package let steps: Int
  private var first: (step: Int, time: Double)?

  package init(steps: Int) { self.steps = steps }

  /// The line after a step.
  ///
  /// The time left goes by the mean since the first line, which holds evaluations and checkpoints
  /// too.
  package mutating func text(
    _ step: TrainingStep, now: Double = monotonicSeconds()
  ) -> String {
    var facts = ["step \(step.step) of \(steps)"]
    if steps > 0 { facts.append("\(min(100, step.step * 100 / steps))%") }
    facts.append("loss " + Quantity.fixed(step.loss, 3))
    if let loss = step.heldOutLoss { facts.append("held out " + Quantity.fixed(loss, 3)) }
    if let density = step.density { facts.append("density " + Quantity.fixed(density, 2)) }
    if step.tokensPerSecond.isFinite {
      facts.append(Quantity.count(Int(step.tokensPerSecond)) + " tokens/s")
    }
    let first = first ?? (step.step, now)
    self.first = first
    if step.step > first.step, step.step < steps {
      let pace = (now - first.time) / Double(step.step - first.step)
      facts.append(Quantity.seconds(pace * Double(steps - step.step)) + " left")
    }
    return facts.joined(separator: "  ")
  }
}
