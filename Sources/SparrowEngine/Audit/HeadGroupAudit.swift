import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// What one layer's sparse attention touched and, in grouped attention, which of its head groups
/// add most to the output.
final class HeadGroupAudit {
  private(set) var activity: LayerActivity
  /// nil without recall.
  let norms: HeadGroupNorms?
  /// What groups add for a row, `[groups]`, and one group's products, `[width]`.
  private var lengths: [Float]
  private var work: [Float]

  init(
    _ layer: Int, _ attention: AttentionDescription, weights: any BackendWeights, pool: WorkerPool
  ) {
    let hasRecall = !attention.isMultiHead
    activity = LayerActivity(
      layer: layer, kind: .attention, groups: attention.keyValueHeads,
      recallSum: hasRecall ? 0 : nil)
    norms =
      hasRecall
      ? HeadGroupNorms(weights, layer: layer, attention: attention, pool: pool) : nil
    lengths = Array(repeating: 0, count: attention.keyValueHeads)
    work = Array(repeating: 0, count: attention.groupWidth)
  }

  func note(_ selected: [Int32], _ results: UnsafePointer<Float>?) {
    activity.add(selected)
    guard let norms, let results else { return }
    norms.lengths(of: results, count: 1, work: &work, into: &lengths)
    activity.recallSum? += recall(of: selected)
  }

  /// Part of the groups that add most, as many as are selected, that the selection holds; 1 where
  /// none is.
  private func recall(of selected: [Int32]) -> Double {
    guard !selected.isEmpty else { return 1 }
    let least = lengths.sorted(by: >)[selected.count - 1]
    // Of equal groups one is as good as the other.
    return Double(selected.count { lengths[Int($0)] >= least }) / Double(selected.count)
  }
}
