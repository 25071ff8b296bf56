internal import CSparrowKernels
import SparrowCore

/// The large ones among the inputs of each row of a step; operations run one after the other and
/// share them. Of a single row each worker has a list of its own.
struct LargeInputs: BitwiseCopyable {
  private let lists: IndexLists
  /// `[lists][width]`
  private let values: UnsafeMutablePointer<Float>

  init(width: Int, workers: Int, memory: OwnedMemory) {
    let count = max(workers, StepState.maximumSparseRows)
    lists = IndexLists(width: width, lists: count, memory: memory)
    values = memory.floats(count * width)
  }

  /// Lists the inputs of `x`, `[width]`, whose size is above `threshold`, ascending.
  func find(in x: UnsafePointer<Float>, _ width: Int, above threshold: Float, into list: Int) {
    lists.counts[list] = sk_select_large(
      x, Int32(width), threshold, 0, lists.indices(of: list), values + list * lists.width)
  }

  /// Gives away this worker's share of each row's list, in runs of whole pieces, as
  /// `IndexLists.forEachRun`.
  func forEachRun(
    _ worker: Worker, _ step: StepState, piece: Int, unit: Int,
    _ body: (
      _ row: Int, _ indices: UnsafePointer<Int32>, _ values: UnsafePointer<Float>, _ run: Range<Int>
    ) -> Void
  ) {
    if step.rows == 1 {
      let own = worker.index
      let share = lists.share(worker, of: own, unit: unit)
      body(0, lists.indices(of: own), values + own * lists.width, share)
      return
    }
    lists.forEachRun(step, piece: piece) { row in
      lists.share(worker, of: row, unit: unit)
    } body: { row, indices, run in
      body(row, indices, values + row * lists.width, run)
    }
  }
}
