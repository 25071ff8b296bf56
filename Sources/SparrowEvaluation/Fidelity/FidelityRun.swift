import Sparrow
import SparrowEngine
import SparrowCore
import SparrowMeasure
import SparrowSparsity

/// The work of `Fidelity.measure`: a dense and a sparse session over the same windows, in step.
final class FidelityRun {
  private let model: Model
  /// Whose dense program is the dense self.
  private let base: Model
  private let dense: Session
  private let sparse: Session
  private let baseline: Session?
  /// Logits of the positions at hand.
  private let denseRows: LogitRows
  private let baselineRows: LogitRows?
  /// Of each window: tokens a second, and where the time went.
  private var denseSpeeds: [(rate: Double, times: StepTimes)] = []
  private var sparseSpeeds: [(rate: Double, times: StepTimes)] = []
  private let audit: StepAudit
  private var result: Fidelity

  /// Positions between two looks at whether to stop.
  private static let stride = 16

  init(_ model: Model, baseline other: Model?, context: Int) throws(SparrowError) {
    self.model = model
    base = try model.base()
    dense = try base.session(context: context)
    dense.isDense = true
    sparse = try model.session(context: context)
    baseline = try other.map { other throws(SparrowError) in
      let session = try other.session(context: context)
      session.isDense = true
      return session
    }
    let vocabulary = model.configuration.vocabulary
    denseRows = LogitRows(Self.stride, vocabulary)
    baselineRows = other.map { _ in LogitRows(Self.stride, vocabulary) }
    audit = model.backend.makeAudit()
    result = Fidelity(context: context)
    if other != nil { result.baseline = BaselineFidelity() }
  }

  /// Times the first half of a window dense and sparse, and compares both at each position of its
  /// second half.
  ///
  /// `done` gets the window's tokens done and the figures so far, and throws to stop.
  func measure(
    _ window: [Int32], denseFirst: Bool, done: (Int, Fidelity) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    let half = window.count / 2
    if result.windows == 0 { try warmUp(Array(window.prefix(Self.stride))) }
    dense.clear()
    sparse.clear()
    baseline?.clear()
    var seconds = (dense: 0.0, sparse: 0.0)
    let probes = (
      dense: StepProbes(profile: StepProfile()), sparse: StepProbes(profile: StepProfile())
    )
    for isDense in [denseFirst, !denseFirst] {
      for start in Swift.stride(from: 0, to: half, by: Self.stride) {
        let part = window[start..<min(start + Self.stride, half)]
        if isDense {
          seconds.dense += try self.seconds(dense, part, probes.dense)
        } else {
          seconds.sparse += try self.seconds(sparse, part, probes.sparse)
        }
        try done((isDense == denseFirst ? 0 : half / 2) + start / 2, result)
      }
    }
    denseSpeeds.append((Double(half) / seconds.dense, StepTimes(probes.dense.profile!)))
    sparseSpeeds.append((Double(half) / seconds.sparse, StepTimes(probes.sparse.profile!)))
    try baseline?.score(Array(window[..<half]), from: half) { _, _, _ in }
    // The last token has no successor in the window.
    for start in Swift.stride(from: half, to: window.count - 1, by: Self.stride) {
      let end = min(start + Self.stride, window.count - 1)
      try compare(window, start..<end)
      try done(end, result)
    }
    result.windows += 1
    result.body.endWindow()
    result.baseline?.dense.endWindow()
    result.baseline?.body.endWindow()
    try done(window.count, result)
  }

  /// The figures, with the speeds of all windows and what layers touched.
  func finish() -> Fidelity {
    result.layers = audit.layers
    let pairs = PairedFigures(
      .rate, dense: denseSpeeds.map(\.rate), sparse: sparseSpeeds.map(\.rate))
    result.speed = DecodeSpeed(
      pairs: pairs, denseBytes: base.denseBytesPerToken,
      sparseBytes: model.bytesPerToken, denseTimes: denseSpeeds[pairs.quoted].times,
      sparseTimes: sparseSpeeds[pairs.quoted].times)
    return result
  }

  private func warmUp(_ part: [Int32]) throws(SparrowError) {
    _ = try seconds(dense, part[...], nil)
    _ = try seconds(sparse, part[...], nil)
  }

  /// Seconds of decoding the given tokens one by one, each step's head and greedy choice included.
  private func seconds(
    _ session: Session, _ part: ArraySlice<Int32>, _ probes: StepProbes?
  ) throws(SparrowError) -> Double {
    session.probes = probes
    defer { session.probes = nil }
    let start = monotonicSeconds()
    for token in part { _ = try session.advance(token, amongGreatest: true) { $0.top } }
    return monotonicSeconds() - start
  }

  /// A batch's dense logits are the same bits as those of its tokens one by one, so the dense sides
  /// take `range` as a batch; the sparse side decodes.
  private func compare(_ window: [Int32], _ range: Range<Int>) throws(SparrowError) {
    try denseRows.fill(dense, window[range])
    if let baseline { try baselineRows?.fill(baseline, window[range]) }
    sparse.probes = StepProbes(audit: audit)
    defer { sparse.probes = nil }
    for position in range {
      try sparse.advance(window[position]) { output in
        if output.fellBack { result.fallbacks += 1 }
        let next = Int(window[position + 1])
        let index = position - range.lowerBound
        let own = output.top
        let body = ScoredPosition(model.bodyLogits(output), next: next)
        denseRows.with(index) { logits in
          let dense = ScoredPosition(HeadOutput(row: output.row, logits: logits), next: next)
          add(body, ownTop: own, dense: dense)
          baselineRows?.with(index) { logits in
            let other = ScoredPosition(HeadOutput(row: output.row, logits: logits), next: next)
            result.baseline?.add(body, ownTop: own, dense: dense, beside: other)
          }
        }
      }
    }
  }

  private func add(_ body: ScoredPosition, ownTop: Int32, dense: ScoredPosition) {
    result.denseLoss.add(dense.loss)
    result.sparseLoss.add(body.loss)
    result.body.add(body, beside: dense)
    result.headSameTop.add(ownTop == dense.top ? 1 : 0)
  }
}

/// Dense logits of a few positions, `[rows][vocabulary]`.
private final class LogitRows {
  private var logits: [Float]
  private let vocabulary: Int

  init(_ rows: Int, _ vocabulary: Int) {
    logits = Array(repeating: 0, count: rows * vocabulary)
    self.vocabulary = vocabulary
  }

  /// Runs the tokens in a session and keeps the logits after each.
  func fill(_ session: Session, _ tokens: ArraySlice<Int32>) throws(SparrowError) {
    try session.score(Array(tokens), from: 0) { index, _, row in
      logits.withUnsafeMutableBufferPointer { rows in
        _ = UnsafeMutableBufferPointer(rebasing: rows[(index * vocabulary)...])
          .update(fromContentsOf: row)
      }
    }
  }

  func with(_ row: Int, _ body: (UnsafeBufferPointer<Float>) -> Void) {
    logits.withUnsafeBufferPointer { rows in
      body(UnsafeBufferPointer(rebasing: rows[row * vocabulary..<(row + 1) * vocabulary]))
    }
  }
}
