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
  private let vocabulary: Int
  /// Dense logits of the positions at hand, `[stride][vocabulary]`.
  private var denseLogits: [Float]
  /// Of each window: tokens a second, and where the time went.
  private var denseSpeeds: [(rate: Double, times: StepTimes)] = []
  private var sparseSpeeds: [(rate: Double, times: StepTimes)] = []
  private let audit: StepAudit
  private var windowSum = 0.0
  private var result: Fidelity

  /// Positions between two looks at whether to stop.
  private static let stride = 16

  init(_ model: Model, context: Int) throws(SparrowError) {
    self.model = model
    base = try model.base()
    dense = try base.session(context: context)
    dense.isDense = true
    sparse = try model.session(context: context)
    vocabulary = model.configuration.vocabulary
    audit = model.backend.makeAudit()
    denseLogits = Array(repeating: 0, count: Self.stride * vocabulary)
    result = Fidelity(context: context)
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
    windowSum = 0
    // The last token has no successor in the window.
    for start in Swift.stride(from: half, to: window.count - 1, by: Self.stride) {
      let end = min(start + Self.stride, window.count - 1)
      try compare(window, start..<end)
      try done(end, result)
    }
    result.windows += 1
    result.windowLogRatio.add(windowSum / Double(window.count - 1 - half))
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

  /// A batch's dense logits are the same bits as those of its tokens one by one, so the dense side
  /// takes `range` as a batch; the sparse side decodes.
  private func compare(_ window: [Int32], _ range: Range<Int>) throws(SparrowError) {
    try dense.score(Array(window[range]), from: 0) { index, _, logits in
      denseLogits.withUnsafeMutableBufferPointer { rows in
        _ = UnsafeMutableBufferPointer(rebasing: rows[(index * vocabulary)...])
          .update(fromContentsOf: logits)
      }
    }
    sparse.probes = StepProbes(audit: audit)
    defer { sparse.probes = nil }
    for position in range {
      try sparse.advance(window[position]) { output in
        let top = output.top
        if output.fellBack { result.fallbacks += 1 }
        let body = model.bodyLogits(output)
        denseLogits.withUnsafeBufferPointer { rows in
          let start = (position - range.lowerBound) * vocabulary
          let row = UnsafeBufferPointer(rebasing: rows[start..<start + vocabulary])
          compare(
            HeadOutput(row: output.row, logits: row), body, sparseTop: top,
            next: Int(window[position + 1]))
        }
      }
    }
  }

  private func compare(
    _ dense: HeadOutput, _ body: HeadOutput, sparseTop: Int32, next: Int
  ) {
    let (denseTotal, bodyTotal) = (dense.logSumExp, body.logSumExp)
    let denseLoss = Double(denseTotal - dense.logits[next])
    let bodyLoss = Double(bodyTotal - body.logits[next])
    result.denseLoss.add(denseLoss)
    result.sparseLoss.add(bodyLoss)
    result.logRatio.add(bodyLoss - denseLoss)
    windowSum += bodyLoss - denseLoss
    result.divergence.add(
      divergence(dense.logits, total: denseTotal, body.logits, total: bodyTotal))
    let top = dense.top
    result.bodySameTop.add(body.top == top ? 1 : 0)
    result.headSameTop.add(sparseTop == top ? 1 : 0)
  }
}
