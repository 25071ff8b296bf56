internal import CSparrowKernels
import SparrowCore

/// Rows of the token embedding, scaled.
struct EmbedKernel: BitwiseCopyable {
  let table: UnsafePointer<sk_matrix>
  let scale: Float
  /// Adds the positions to the same rows; nil where the model learns none, or adds them later.
  let positions: PositionKernel?
  let output: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    for row in worker.share(of: step.rows) {
      let target = output.row(row)
      sk_unpack_row(table, step.tokens[row], target)
      if scale != 1 { sk_scale(target, scale, target, Int32(output.width)) }
    }
    positions?.run(worker, step)
  }
}

/// Adds the learned position rows, each worker to the rows that it has embedded.
struct PositionKernel: BitwiseCopyable {
  let table: UnsafePointer<sk_matrix>
  /// The row of position 0.
  let offset: Int32
  let positions: UnsafePointer<Int32>
  /// A row for each token.
  let scratch: StepBuffer
  let output: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    for row in worker.share(of: step.rows) {
      sk_unpack_row(table, positions[row] + offset, scratch.row(row))
      sk_add_acc(scratch.row(row), output.row(row), Int32(output.width))
    }
  }
}

/// Adds the first row of the token type embedding, as workers embed rows.
struct TokenTypeKernel: BitwiseCopyable {
  let row: UnsafePointer<Float>
  let output: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    for index in worker.share(of: step.rows) {
      sk_add_acc(row, output.row(index), Int32(output.width))
    }
  }
}
