import SparrowCore

/// A feed-forward network whose activations a sketch estimates: the selected neurons' exact ones
/// take the place of their estimates, and all of down is read.
struct EstimatedNetworkKernel: BitwiseCopyable {
  let neurons: SelectedNeurons
  let down: MultiplyKernel

  func run(_ worker: Worker, _ step: StepState) {
    let x = neurons.x(worker, step)
    neurons.forEachPart(worker, step) { row, list, part in
      let values = neurons.window.values[worker] - part.lowerBound
      neurons.activate(worker, row, x, list, part, into: values)
      let activations = down.input.buffer.row(row)
      for index in part { activations[Int(list[index])] = values[index] }
    }
    worker.barrier()
    down.run(worker, step)
  }
}
