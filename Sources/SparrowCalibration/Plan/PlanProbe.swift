internal import CSparrowKernels
internal import Sparrow
internal import SparrowCPU
internal import SparrowCore
internal import SparrowEvaluation
internal import SparrowSparsity
internal import SparrowTokenizers

/// What plans cost in fidelity, by decoding the same tokens again and again: the dense model's logits are
/// computed once.
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
  private let windows: [[Int32]]
  private let session: Session
  private let vocabulary: Int
  /// `[positions][vocabulary]` and the logarithms of the softmaxes' denominators.
  private let denseLogits: FloatRows
  private var denseTotals: [Float] = []

  private static let longest = 160
  /// Positions that have seen too little text.
  private static let skipped = 32
  /// Memory that dense logits may take.
  private static let logitBytes = 256 << 20

  /// Windows at even distances from the end of each tenth of the text, which recording held out.
  ///
  /// Throws `.argument` for a text of fewer tokens than one window.
  init(_ model: Model, text: String, positions: Int) throws(SparrowError) {
    self.model = model
    vocabulary = model.configuration.vocabulary
    let tokens = model.tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    let length = min(Self.longest, model.configuration.contextLength)
    let scored = length - Self.skipped
    let limit = min(positions, Self.logitBytes / 4 / vocabulary)
    guard tokens.count >= length, scored > 1 else {
      throw SparrowError(
        .argument, field: "text", found: "\(tokens.count) tokens",
        expected: "at least \(max(length, Self.skipped + 2))")
    }
    let count = max(1, min(limit / scored, tokens.count / length))
    let first = model.tokenizer.addsBOS ? model.tokenizer.bos : nil
    windows = (0..<count).map { index in
      let end = tokens.count * (index + 1) / count
      var window = Array(tokens[end - length..<end])
      if let first { window[0] = first }
      return window
    }
    session = try model.session(context: length)
    denseLogits = FloatRows(rows: count * (scored - 1), columns: vocabulary)
    try model.runningDense { () throws(SparrowError) in try recordDense() }
  }

  private func recordDense() throws(SparrowError) {
    var row = 0
    for window in windows {
      session.clear()
      try session.score(window, from: Self.skipped) { index, _, logits in
        guard index + 1 < window.count else { return }
        denseLogits[row].update(from: logits.baseAddress!, count: vocabulary)
        denseTotals.append(sk_log_sum_exp(logits.baseAddress, Int32(vocabulary)))
        row += 1
      }
    }
  }

  /// Decodes all windows with these plans, which the engine must have been made with.
  func measure(_ plans: [Int: FeedForwardPlan]) throws(SparrowError) -> Result {
    model.engine.replan(plans)
    var divergences = SampleMean()
    var ratios = SampleMean()
    var row = 0
    for window in windows {
      session.clear()
      for (index, token) in window.dropLast().enumerated() {
        try session.advance(token) { output in
          guard index >= Self.skipped else { return }
          let logits =
            output.ids == nil ? output.logits : model.engine.logits(rows: 0..<1)
          let total = sk_log_sum_exp(logits.baseAddress, Int32(vocabulary))
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
