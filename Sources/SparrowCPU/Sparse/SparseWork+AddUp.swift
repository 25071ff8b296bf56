internal import CSparrowKernels
import SparrowCore

extension SparseWork {
  /// The sum of the workers' results and the bias, each worker a share of the columns.
  func addUp(
    _ worker: Worker, _ step: StepState, bias: UnsafePointer<Float>?, into output: StepBuffer,
    isAdded: Bool
  ) {
    let share = worker.share(of: output.width, unit: 16)
    guard !share.isEmpty else { return }
    let count = Int32(share.count)
    for row in 0..<step.rows {
      let target = output.row(row) + share.lowerBound
      if !isAdded { target.update(repeating: 0, count: share.count) }
      for other in 0..<worker.count {
        sk_add_acc(result(other, row) + share.lowerBound, target, count)
      }
      if let bias { sk_add_acc(bias + share.lowerBound, target, count) }
    }
  }
}
