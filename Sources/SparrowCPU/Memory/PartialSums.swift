internal import CSparrowKernels
import SparrowCore

/// Each worker's own sum of columns for every row of a step, to be added up once all workers are
/// done; layers run one after the other and share it.
struct PartialSums: BitwiseCopyable {
  /// Elements of a sum: its width padded to what products by columns write.
  private let stride: Int
  /// `[rows][stride]`
  private let sums: PerWorker<Float>

  init(width: Int, workers: Int, memory: OwnedMemory) {
    stride = Self.padded(width)
    sums = PerWorker(StepState.maximumSparseRows * stride, workers: workers, memory: memory)
  }

  /// Elements that products by columns write for so many rows.
  static func padded(_ rows: Int) -> Int { (rows + 63) / 64 * 64 }

  subscript(worker: Worker, row: Int) -> UnsafeMutablePointer<Float> {
    sums[worker] + row * stride
  }

  /// Sets this worker's sums to zero.
  func clear(_ worker: Worker, _ step: StepState) {
    sums[worker].update(repeating: 0, count: step.rows * stride)
  }

  /// The sum of `width` elements of the workers' sums from `start` and the bias, each worker a
  /// share.
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
        sk_add_acc(sums[other] + row * stride + start + share.lowerBound, target, count)
      }
      if let bias { sk_add_acc(bias + share.lowerBound, target, count) }
    }
  }
}
