internal import CSparrowKernels
import SparrowCore

/// A feed-forward network over selected neurons alone: their rows of gate and up, their columns of
/// down.
struct SelectedNetworkKernel: BitwiseCopyable {
  let neurons: SelectedNeurons
  let down: DownColumns
  let network: UnsafePointer<sk_network>
  /// A sketch of down over the activations that a sketch of gate and up estimates of all neurons;
  /// nil where the others give nothing.
  let others: MultiplyKernel?

  func run(_ worker: Worker, _ step: StepState) {
    let x = neurons.x(worker, step)
    down.sums.clear(worker, step)
    let window = step.rows == 1 ? neurons.lists.width : NeuronWindow.neurons
    neurons.forEachPart(worker, step, window: window) { row, list, part in
      let columns = sk_network_acc(
        network, neurons.gate.map { x.source(row, for: $0.matrix) },
        x.source(row, for: neurons.up.matrix), list, Int32(part.lowerBound), Int32(part.upperBound),
        down.sums[worker, row])
      down.reads.addColumns(worker.index, Int(columns))
      guard let others else { return }
      // What is exact takes the place of its estimate.
      let estimates = others.input.buffer.row(row)
      for index in part { estimates[Int(list[index])] = 0 }
    }
    worker.barrier()
    // Each worker's share of the others are the elements that it adds up.
    others?.run(worker, step)
    down.addUp(worker, step)
  }
}
