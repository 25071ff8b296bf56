internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowMeasure
internal import SparrowNumerics

/// Runs a text through a model in windows and gives away the head's input of every position.
struct StateRecorder {
  private let model: Model
  private let windows: TextWindows
  /// Positions at the start of a window that are left out: what stands there has seen too little
  /// text.
  private static let skippedAtMost = 8
  /// Of this many windows in a row, the last is held out.
  private static let heldOutPeriod = 10

  /// Throws `.argument` for a text shorter than `minimum` windows and for windows of fewer than 2
  /// tokens.
  init(
    _ model: Model, text: String, tokens limit: Int, window: Int, minimum: Int
  ) throws(SparrowError) {
    self.model = model
    windows = try TextWindows(
      model, sampling: text, tokens: limit, length: window, minimum: minimum)
  }

  var count: Int { windows.count }
  var windowLength: Int { windows[0].count }
  /// Positions at the start of each window that are left out.
  var skipped: Int { windowLength - statesPerWindow }
  var statesPerWindow: Int { max(1, windows[0].count - Self.skippedAtMost) }

  /// Every tenth window, or the last of fewer.
  func isHeldOut(_ index: Int) -> Bool {
    let period = min(Self.heldOutPeriod, windows.count)
    return index % period == period - 1
  }

  var heldOutCount: Int { (0..<count).count { isHeldOut($0) } }

  /// The tokens of the windows that are held out.
  var heldOutWindows: [[Int32]] { windows.indices.filter(isHeldOut).map { windows[$0] } }

  /// The tokens of the other windows.
  var fittedWindows: [[Int32]] { windows.indices.filter { !isHeldOut($0) }.map { windows[$0] } }

  /// SHA-256 of all windows' tokens, hexadecimal: what text was cut, and how.
  var digest: String {
    var hash = SHA256()
    for window in windows {
      hash.update("\(window.count)\n")
      window.withUnsafeBytes { hash.update($0) }
    }
    return hash.hexDigest()
  }

  /// Records the windows in order, from the one numbered `first` on. `body` gets the window's index
  /// and its states, `[states, hidden]`, valid until it returns; what it throws ends the run.
  func run(
    hidden: Int, from first: Int = 0, _ probes: StepProbes? = nil,
    body: (Int, FloatRows) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    let states = FloatRows(rows: statesPerWindow, columns: hidden)
    let backend = model.backend
    let sequence = try backend.sequence(capacity: windows[0].count, type: .f16)
    for (index, window) in windows.enumerated().dropFirst(first) {
      model.exclusively {
        sequence.clear()
        sequence.expectedCount = window.count
        for start in stride(from: 0, to: window.count, by: backend.limits.rows) {
          let end = min(start + backend.limits.rows, window.count)
          backend.step(.prompt(window[start..<end], of: sequence, probes: probes))
          for position in max(start, skipped)..<max(end, skipped) {
            let state = backend.hidden(row: position - start)
            states[position - skipped].update(from: state.baseAddress!, count: hidden)
          }
        }
      }
      try backend.check()
      try body(index, states)
    }
  }
}
