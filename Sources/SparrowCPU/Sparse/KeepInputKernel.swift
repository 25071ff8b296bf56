import SparrowCore

/// Keeps a layer's input for the heads that skip this token, a row of the step a worker.
struct KeepInputKernel: BitwiseCopyable {
  let input: StepBuffer
  /// As in `MultiplyKernel`.
  let isNormed: Bool
  let inputs: DeferredLayer
  let heads: HeadsKernel

  func run(_ worker: Worker, _ step: StepState) {
    let first = MatrixInput(worker, step, isPrivate: isNormed)
    for row in stride(from: worker.index, to: step.rows, by: worker.count) {
      let rotation = heads.rotation(row: row)
      inputs.keep(
        input.row(first.values + row), cosine: rotation?.cosine, sine: rotation?.sine,
        step.segments[row])
    }
  }
}
