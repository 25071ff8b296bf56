import SparrowCore

/// A feed-forward network that was its own predictor: its gates, or all its activations, are known
/// (CATS, and the oracle); only up and down, or down, are read sparsely.
struct SelfPredictedNetworkKernel: BitwiseCopyable {
  let neurons: SelectedNeurons
  let down: DownColumns

  func run(_ worker: Worker, _ step: StepState) {
    let x = neurons.x(worker, step)
    down.sums.clear(worker, step)
    neurons.forEachPart(worker, step) { row, list, part in
      down.prefetch(list, part)
      let values = neurons.window.values[worker] - part.lowerBound
      neurons.activate(worker, row, x, list, part, into: values)
      down.add(worker, row, list, values, part)
    }
    worker.barrier()
    down.addUp(worker, step)
  }
}
