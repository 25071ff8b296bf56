internal import CSparrowKernels
import SparrowCore

/// The output matrix over the results of selected head groups: only their columns are read.
///
/// Workers share out the columns, sum them into results of their own, and add those up.
struct SparseOutputKernel: BitwiseCopyable {
  let layer: Int
  let matrix: UnsafePointer<sk_columns>
  let bias: UnsafePointer<Float>?
  /// All columns' numbers, of which a group's are a run.
  let columns: UnsafePointer<Int32>
  /// Columns of a head group.
  let groupWidth: Int
  let attended: StepBuffer
  let output: StepBuffer
  let isAdded: Bool
  let selection: HeadGroupSelection
  let sums: PartialSums

  /// Columns that are cut apart nowhere: half a block of scales.
  private static let unit = 16

  func run(_ worker: Worker, _ step: StepState) {
    sums.clear(worker, step)
    let units = (groupWidth + Self.unit - 1) / Self.unit
    var total = 0
    forEachGroup(step) { _, _ in total += units }
    var part = CostShare(worker, of: total)
    forEachGroup(step) { row, group in
      let own = part.take(units, cost: 1)
      guard !own.isEmpty else { return }
      let start = group * groupWidth + own.lowerBound * Self.unit
      let end = min(group * groupWidth + own.upperBound * Self.unit, (group + 1) * groupWidth)
      sk_columns_acc(
        matrix, columns, attended.row(row), Int32(start), Int32(end), sums[worker, row])
    }
    worker.barrier()
    sums.addUp(worker, step, width: output.width, bias: bias, into: output, isAdded: isAdded)
  }

  /// Group by group, so that columns which several rows want are read once from memory.
  private func forEachGroup(_ step: StepState, _ body: (Int, Int) -> Void) {
    for group in 0..<selection.count {
      for row in 0..<step.rows where selection.isSelected(group, row: row) { body(row, group) }
    }
  }
}
