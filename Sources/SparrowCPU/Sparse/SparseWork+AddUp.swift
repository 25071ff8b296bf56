internal import CSparrowKernels
import SparrowCore

extension SparseWork {
  /// The sum of `width` elements of the workers' results from `start` and the bias, each worker a share.
  func addUp(
    _ worker: Worker, _ step: StepState, from start: Int = 0, width: Int,
    bias: UnsafePointer<Float>?, into output: StepBuffer, isAdded: Bool
  ) {
    let share = worker.share(of: width, unit: 16)
    guard !share.isEmpty else { return }
    let count = Int32(share.count)
    for row in 0..<step.rows {
      let target = output.row(row) + share.lowerBound
      if !isAdded { target.update(repeating: 0, count: share.count) }
      for other in 0..<worker.count {
        sk_add_acc(result(other, row) + start + share.lowerBound, target, count)
      }
      if let bias { sk_add_acc(bias + share.lowerBound, target, count) }
    }
  }
}
