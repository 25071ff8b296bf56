internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowMeasure
internal import SparrowNumerics
internal import SparrowSparsity

/// What plans cost in fidelity on held-out text, by decoding the same tokens again and again: the
/// dense model's logits are computed once.
final class PlanProbe {
  /// Divergence and log-likelihood loss against dense, in nats a token.
  struct Result {
    /// KL(dense || sparse).
    var divergence: Double
    /// Mean and standard error of the logarithm of the perplexities' ratio.
    var logRatio: Double
    var error: Double
  }

  private let model: Model
  /// As long as each other.
  private let windows: TextWindows
  /// Positions at the start of each that have seen too little text.
  private let skipped: Int
  private let session: Session
  private let vocabulary: Int
  /// `[positions][vocabulary]` and the logarithms of the softmaxes' denominators.
  private let denseLogits: FloatRows
  private var denseTotals: [Float] = []

  private static let longest = 160
  private static let skippedAtMost = 32
  /// Memory that dense logits may take.
  static let logitBytes = 256 << 20

  /// Pieces of at most 160 tokens of `heldOut`, at even distances: as many as give `positions`
  /// scores, or all.
  ///
  /// `heldOut` are windows of equal length that fitting has not seen (`LayerRecorder`). Throws
  /// `.argument` for windows of fewer than 4 tokens, `.cancelled`.
  init(
    _ model: Model, heldOut: [[Int32]], positions: Int, progress: Progress
  ) throws(SparrowError) {
    self.model = model
    vocabulary = model.configuration.vocabulary
    let length = min(Self.longest, heldOut.first?.count ?? 0)
    guard length >= 4 else {
      throw SparrowError(
        .argument, field: "window", found: "\(length) tokens", expected: "at least 4")
    }
    skipped = min(Self.skippedAtMost, length / 2)
    let scored = length - skipped - 1
    windows = TextWindows(
      model, pieces: heldOut, length: length,
      limit: min(positions, Self.logitBytes / 4 / vocabulary) / scored)
    session = try model.session(context: length)
    denseLogits = FloatRows(rows: windows.count * scored, columns: vocabulary)
    try recordDense(progress)
  }

  private func recordDense(_ progress: Progress) throws(SparrowError) {
    session.isDense = true
    defer { session.isDense = false }
    var row = 0
    for (number, window) in windows.enumerated() {
      try progress.report(number, of: windows.count)
      session.clear()
      try session.score(window, from: skipped) { index, _, logits in
        guard index + 1 < window.count else { return }
        denseLogits[row].update(from: logits.baseAddress!, count: vocabulary)
        denseTotals.append(HeadOutput(row: index, logits: logits).logSumExp)
        row += 1
      }
    }
  }

  /// Decodes every n-th window with these plans, which the engine must have been made with.
  func measure(
    _ plans: [Int: FeedForwardPlan], every: Int = 1, progress: Progress
  ) throws(SparrowError) -> Result {
    var plan = model.plan
    plan.networks = plans
    model.backend.use(plan)
    var divergences = SampleMean()
    var ratios = SampleMean()
    for number in stride(from: 0, to: windows.count, by: every) {
      try progress.report(number, of: windows.count)
      let window = windows[number]
      var row = number * denseLogits.rows / windows.count
      session.clear()
      for (index, token) in window.dropLast().enumerated() {
        try session.advance(token) { output in
          guard index >= skipped else { return }
          let body = model.bodyLogits(output)
          let (logits, total) = (body.logits, body.logSumExp)
          let dense = UnsafeBufferPointer(start: denseLogits[row], count: vocabulary)
          divergences.add(
            divergence(dense, total: denseTotals[row], logits, total: total))
          let next = Int(window[index + 1])
          ratios.add(Double(dense[next] - denseTotals[row]) - Double(logits[next] - total))
          row += 1
        }
      }
    }
    return Result(divergence: divergences.mean, logRatio: ratios.mean, error: ratios.error)
  }
}
