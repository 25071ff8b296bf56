package import SparrowCore
import SparrowPlots

/// The curves of a run as a self-contained page of HTML.
package struct TrainingReport: Sendable {
  package let title: String
  /// What was trained on what, in a line.
  package let subject: String
  package let steps: [TrainingStep]
  /// The density that was steered to; nil where none was.
  package let targetDensity: Double?

  package init(
    title: String, subject: String, steps: [TrainingStep], targetDensity: Double? = nil
  ) {
    self.title = title
    self.subject = subject
    self.steps = steps
    self.targetDensity = targetDensity
  }

  /// Writes the page, whole or not at all; throws `.system`.
  package func write(to path: String) throws(SparrowError) {
    var file = try AtomicFile(path: path)
    try file.write(Array(page.utf8))
    try file.commit()
  }

  /// Curves of what was measured; long runs are drawn as means of neighbouring steps.
  package var page: String {
    var body = Page.heading(title, subject)
    body += curve(
      "Loss", "loss", steps.values(\.loss), besides: ("held out", steps.values(\.heldOutLoss)))
    let target = targetDensity.map { target in
      [steps.first, steps.last].compactMap { $0 }.map { (Double($0.step), target) }
    }
    body += curve("Density", "density", steps.values(\.density), besides: ("target", target ?? []))
    // Eta spans decades, and is below 0 where more neurons are asked for.
    let etas = steps.values { $0.eta.flatMap { $0 > 0 ? $0 : nil } }
    body += curve("Weight of the efficiency loss", "eta, power of ten", etas) {
      naturalLog($0) / naturalLog(10)
    }
    for name in steps.partNames {
      body += curve(name, name, steps.values { $0.parts.first { $0.name == name }?.value })
    }
    body += curve("Learning rate", "thousandths", steps.values(\.learningRate)) { $0 * 1000 }
    body += curve("Gradient norm", "before clipping", steps.values(\.gradientNorm))
    body += curve("Speed", "thousand tokens/s", steps.values(\.tokensPerSecond)) { $0 / 1000 }
    return Page(title: title, body: body).markup
  }

  /// A figure, or nothing where nothing was measured; `draw` turns values into what the axis
  /// counts.
  private func curve(
    _ heading: String, _ up: String, _ points: [(x: Double, y: Double)],
    besides other: (name: String, points: [(x: Double, y: Double)]) = ("", []),
    draw: (Double) -> Double = { $0 }
  ) -> String {
    guard let last = points.last(where: { $0.y.isFinite }) else { return "" }
    var series = [LineChart.Series(name: "training", points: points.map { ($0.x, draw($0.y)) })]
    if !other.points.isEmpty { series.append(.init(name: other.name, points: other.points)) }
    return Page.figure(
      heading, LineChart(series, across: "step", up: up).svg(),
      "\(Self.text(last.y)) at step \(Int(last.x))"
        + (other.points.last.map { "; \(other.name) \(Self.text($0.y))" } ?? "") + ".")
  }

  private static func text(_ value: Double) -> String {
    let size = abs(value)
    return size < 100 ? Quantity.fixed(value, size < 0.1 ? 6 : 4) : Quantity.count(Int(value))
  }
}

extension [TrainingStep] {
  /// A figure by step, where it was measured.
  fileprivate func values(_ figure: (TrainingStep) -> Double?) -> [(x: Double, y: Double)] {
    compactMap { step in figure(step).map { (Double(step.step), $0) } }
  }

  /// Names of parts, each once, in the order in which they turn up.
  fileprivate var partNames: [String] {
    var names: [String] = []
    for name in lazy.flatMap(\.parts).map(\.name) where !names.contains(name) { names.append(name) }
    return names
  }
}
