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
    // Group by group, so that columns which several rows want are read once from memory; of each
    // row the share that the row alone would give this worker, so that its sums are the same bits.
    for group in 0..<selection.count {
      for row in 0..<step.rows {
        guard let place = selection.place(of: group, row: row) else { continue }
        let share = worker.share(of: Int(selection.groups.lists.counts[row]) * units)
        let own = share.clamped(to: place * units..<(place + 1) * units)
        guard !own.isEmpty else { continue }
        let first = group * groupWidth - place * units * Self.unit
        let start = first + own.lowerBound * Self.unit
        let end = min(first + own.upperBound * Self.unit, (group + 1) * groupWidth)
        sk_columns_acc(
          matrix, columns, attended.row(row), Int32(start), Int32(end), sums[worker, row])
      }
    }
    worker.barrier()
    sums.addUp(worker, step, width: output.width, bias: bias, into: output, isAdded: isAdded)
  }
}
