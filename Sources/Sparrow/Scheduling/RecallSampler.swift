import SparrowEngine
import SparrowSparsity

/// Measures how much of what matters sparse steps find: one step in many computes the exact values
/// beside its own, which changes no bit of it.
///
/// Such a step adds the dense gate, up and vocabulary head. It would have to take ten steps' time
/// to make decoding one percent slower.
struct RecallSampler {
  /// Sparse decoding steps from one that is measured to the next.
  static let pace = 1024
  private var steps = 0
  private var audit: StepAudit?
  private var headSum = 0.0
  private var headCount = 0

  /// Makes what measuring takes, once: a pass over the sparse networks' down matrices.
  mutating func prepare(_ backend: any Backend) {
    if audit == nil { audit = backend.makeAudit() }
  }

  /// The audit that the next sparse step is to have; nil for most.
  mutating func next() -> StepAudit? {
    defer { steps += 1 }
    return steps % Self.pace == 0 ? audit : nil
  }

  /// Notes a row's candidates in the measured step beside its dense logits.
  mutating func note(candidates: [Int32], _ dense: HeadOutput, kept: Int) {
    let best = dense.likeliest(kept)
    let held = Set(candidates)
    headSum += Double(best.count { held.contains($0.token) }) / Double(max(best.count, 1))
    headCount += 1
  }

  /// What was found so far; nil before the first measured step.
  var found: SampledRecall? {
    guard let audit else { return nil }
    func means(_ kind: LayerActivity.Kind) -> [Int: Double] {
      let layers = audit.layers.filter { $0.kind == kind && $0.steps > 0 }
      return Dictionary(
        uniqueKeysWithValues: layers.compactMap { layer in
          layer.recallSum.map { (layer.layer, $0 / Double(layer.steps)) }
        })
    }
    return SampledRecall(
      networks: means(.feedForward), attention: means(.attention),
      head: headCount > 0 ? headSum / Double(headCount) : nil)
  }
}
