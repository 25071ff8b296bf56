internal import CSparrowKernels
import SparrowCore

/// A norm, row by row, and the quantised form of its result where a matrix wants it.
///
/// A single row is normed by every worker into a row of its own: that costs less than the barrier
/// after which all could read one. In place, where that would race, worker by worker takes rows as
/// in a batch.
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

/// output += input; of a single row each worker adds its part, from its own copy of a norm's
/// result.
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
