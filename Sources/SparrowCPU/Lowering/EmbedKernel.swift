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

/// output += input; of a single row each worker adds its part, from its own copy of a norm's result.
struct AddKernel: BitwiseCopyable {
  let input: StepInput
  let output: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    let x = input.rows(worker, step)
    if step.rows == 1 {
      let own = worker.share(of: output.width, unit: 16)
      sk_add_acc(x[0] + own.lowerBound, output.values + own.lowerBound, Int32(own.count))
      return
    }
    for row in worker.share(of: step.rows) {
      sk_add_acc(x[row], output.row(row), Int32(output.width))
    }
  }
}

/// output *= factor.
struct ScaleKernel: BitwiseCopyable {
  let factor: Float
  let output: StepBuffer

  func run(_ worker: Worker, _ step: StepState) {
    let share = worker.share(of: step.rows * output.width, unit: 16)
    let own = output.values + share.lowerBound
    sk_scale(own, factor, own, Int32(share.count))
  }
}

/// A norm, row by row, and the quantised form of its result where a matrix wants it.
///
/// A single row is normed by every worker into a row of its own: that costs less than the barrier after
/// which all could read one. In place, where that would race, worker by worker takes rows as in a batch.
struct NormKernel: BitwiseCopyable {
  let isRMS: Bool
  let epsilon: Float
  let weight: UnsafePointer<Float>?
  let bias: UnsafePointer<Float>?
  let input: StepBuffer
  let output: StepBuffer
  let quantizes: Bool

  var isInPlace: Bool { input.values == output.values }

  func run(_ worker: Worker, _ step: StepState) {
    if step.rows == 1 && !isInPlace {
      norm(0, into: worker.index)
    } else {
      for row in worker.share(of: step.rows) { norm(row, into: row) }
    }
  }

  private func norm(_ row: Int, into result: Int) {
    let width = Int32(input.width)
    let target = output.row(result)
    if isRMS {
      sk_rms_norm(input.row(row), weight, epsilon, width, target)
    } else {
      sk_layer_norm(input.row(row), weight, bias, epsilon, width, target)
    }
    if quantizes { output.quantized!.quantize(target, input.width, into: result) }
  }
}
