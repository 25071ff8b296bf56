import SparrowCore

/// Scores the head groups of a layer from the input of its attention, or of the one before.
struct PredictHeadGroupsKernel: BitwiseCopyable {
  enum Predictor: BitwiseCopyable {
    case linear(LinearKernel)
    /// The L2 norm of each group's output of this many elements.
    case norms(width: Int)
  }

  let predictor: Predictor
  let input: StepInput
  let selection: HeadGroupSelection

  func run(_ worker: Worker, _ step: StepState) {
    let x = input.rows(worker, step)
    switch predictor {
    case .linear(let maps): maps.run(worker, step, x, result: selection.groups)
    case .norms(let width):
      for item in worker.share(of: step.rows * selection.count) {
        let (row, group) = item.quotientAndRemainder(dividingBy: selection.count)
        let output = x[row] + group * width
        var sum: Float = 0
        for index in 0..<width { sum += output[index] * output[index] }
        selection.groups.scores(of: row)[group] = sum.squareRoot()
      }
    }
  }
}

/// Turns the scores of a layer into the head groups that its attention touches, a row of the step a
/// worker.
struct SelectHeadGroupsKernel: BitwiseCopyable {
  let select: SelectKernel
  let selection: HeadGroupSelection
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
