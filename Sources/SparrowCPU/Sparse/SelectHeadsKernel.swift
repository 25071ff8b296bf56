import SparrowCore

/// Turns the scores of a layer into the head groups that its attention touches, a row of the step a worker.
struct SelectHeadsKernel: BitwiseCopyable {
  let select: SelectKernel
  let selection: HeadSelection
  /// nil where every step makes all keys and values.
  let inputs: DeferredLayer?

  func run(_ worker: Worker, _ step: StepState) {
    select.run(worker, step)
    // The rows that this worker has selected for.
    for row in stride(from: worker.index, to: step.rows, by: worker.count) {
      selection.mark(row: row)
      if let inputs {
        selection.markPositions(row: row, step.segments[row], inputs, worker)
      }
    }
  }
}
