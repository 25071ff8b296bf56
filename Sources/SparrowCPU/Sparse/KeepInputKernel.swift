import SparrowCore

/// Keeps a layer's input for the heads that skip this token, a row of the step a worker.
struct KeepInputKernel: BitwiseCopyable {
  let input: StepInput
  let inputs: DeferredLayer
  let heads: HeadsKernel

  func run(_ worker: Worker, _ step: StepState) {
    let x = input.rows(worker, step)
    for row in stride(from: worker.index, to: step.rows, by: worker.count) {
      let rotation = heads.rotation(row: row)
      inputs.keep(
        x[row], cosine: rotation?.cosine, sine: rotation?.sine, step.segments[row])
    }
  }
}
