import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// What one layer's sparse attention touched and, in grouped attention, what all its head groups would have
/// added to the output.
///
/// Keys and values of grouped attention are all there, so that the queries of the groups that were skipped are
/// all that is missing. Multi-head layers make their keys late, and get no recall.
final class HeadAudit {
  private(set) var activity: LayerActivity
  /// nil without recall.
  private let norms: HeadGroupNorms?
  private let results: ExactHeads
  /// What groups add for a row, `[groups]`, and one group's products, `[width]`.
  private var lengths: [Float]
  private var work: [Float]

  init(
    _ layer: Int, _ attention: AttentionDescription, results: ExactHeads, weights: PackedWeights,
    pool: WorkerPool
  ) {
    let hasRecall = !attention.isMultiHead
    activity = LayerActivity(
      layer: layer, kind: .attention, groups: attention.keyValueHeads,
      recallSum: hasRecall ? 0 : nil)
    norms =
      hasRecall
      ? HeadGroupNorms(weights, layer: layer, attention: attention, pool: pool) : nil
    self.results = results
    lengths = Array(repeating: 0, count: attention.keyValueHeads)
    work = Array(repeating: 0, count: attention.groupWidth)
  }

  func look(at kernel: ProjectHeadsKernel, _ worker: Worker, _ step: StepState) {
    if norms != nil { results.project(kernel, worker, step) }
  }

  func look(at kernel: AppendHeadsKernel, _ worker: Worker, _ step: StepState) {
    if norms != nil { results.prepare(kernel.heads, worker, step) }
  }

  func look(at kernel: AttendHeadsKernel, _ worker: Worker, _ step: StepState) {
    if norms != nil {
      results.attend(kernel.attend, worker, step)
      worker.barrier()
    }
    // The attention's own barrier keeps the next layer's results from coming too early.
    guard worker.index == 0 else { return }
    for row in 0..<step.rows {
      let selected = kernel.selection.groups.selection.all(of: row)
      activity.add(selected)
      if let norms {
        norms.lengths(of: results.attended.row(row), count: 1, work: &work, into: &lengths)
        activity.recallSum? += recall(of: selected)
      }
    }
  }

  /// Part of the groups that add most, as many as are selected, that the selection holds; 1 where none is.
  private func recall(of selected: [Int32]) -> Double {
    guard !selected.isEmpty else { return 1 }
    let least = lengths.sorted(by: >)[selected.count - 1]
    // Of equal groups one is as good as the other.
    return Double(selected.count { lengths[Int($0)] >= least }) / Double(selected.count)
  }
}
