internal import CSparrowKernels
import SparrowCore

/// A feed-forward network over the neurons that a step selected.
///
/// Workers share out each row's neurons. In a batch every row keeps its own selection, and sums it
/// up as the row alone would; workers go through windows of neurons, so that weights which several
/// rows want are read once from memory.
enum SparseFeedForwardKernel: BitwiseCopyable {
  case selected(SelectedNetworkKernel)
  case selfPredicted(SelfPredictedNetworkKernel)
  case twoStage(TwoStageNetworkKernel)
  case estimated(EstimatedNetworkKernel)

  var neurons: SelectedNeurons {
    switch self {
    case .selected(let kernel): kernel.neurons
    case .selfPredicted(let kernel): kernel.neurons
    case .twoStage(let kernel): kernel.neurons
    case .estimated(let kernel): kernel.neurons
    }
  }

  func run(_ worker: Worker, _ step: StepState) {
    switch self {
    case .selected(let kernel): kernel.run(worker, step)
    case .selfPredicted(let kernel): kernel.run(worker, step)
    case .twoStage(let kernel): kernel.run(worker, step)
    case .estimated(let kernel): kernel.run(worker, step)
    }
  }
}

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
    neurons.forEachRun(worker, step, piece: Int(sk_network_piece(network))) { row, list, part in
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

/// A feed-forward network that was its own predictor: its gates, or all its activations, are known
/// (CATS, and the oracle); only up and down, or down, are read sparsely.
struct SelfPredictedNetworkKernel: BitwiseCopyable {
  let neurons: SelectedNeurons
  let down: DownColumns

  func run(_ worker: Worker, _ step: StepState) {
    let x = neurons.x(worker, step)
    down.sums.clear(worker, step)
    neurons.forEachPiece(worker, step) { row, list, part in
      down.prefetch(list, part)
      let values = neurons.window.values[worker] - part.lowerBound
      neurons.activate(worker, row, x, list, part, into: values)
      down.add(worker, row, list, values, part)
    }
    worker.barrier()
    down.addUp(worker, step)
  }
}

/// A feed-forward network in HiRE's two stages: the exact activations of all selected neurons
/// choose those that read their column of down (arXiv 2402.09360, section 3.3).
struct TwoStageNetworkKernel: BitwiseCopyable {
  let neurons: SelectedNeurons
  let kept: KeptNeurons
  let down: DownColumns

  func run(_ worker: Worker, _ step: StepState) {
    let x = neurons.x(worker, step)
    down.sums.clear(worker, step)
    neurons.forEachPiece(worker, step) { row, list, part in
      neurons.activate(worker, row, x, list, part, into: kept.activations(of: row))
    }
    worker.barrier()
    kept.choose(worker, step, of: neurons.lists)
    worker.barrier()
    kept.lists.forEachRun(step, piece: NeuronWindow.neurons) { row in
      kept.lists.share(worker, of: row)
    } body: { row, list, run in
      NeuronWindow.forEachPiece(of: run) { part in
        down.prefetch(list, part)
        down.add(worker, row, list, kept.activations(of: row), part)
      }
    }
    worker.barrier()
    down.addUp(worker, step)
  }
}

/// A feed-forward network whose activations a sketch estimates: the selected neurons' exact ones
/// take the place of their estimates, and all of down is read.
struct EstimatedNetworkKernel: BitwiseCopyable {
  let neurons: SelectedNeurons
  let down: MultiplyKernel

  func run(_ worker: Worker, _ step: StepState) {
    let x = neurons.x(worker, step)
    neurons.forEachPiece(worker, step) { row, list, part in
      let values = neurons.window.values[worker] - part.lowerBound
      neurons.activate(worker, row, x, list, part, into: values)
      let activations = down.input.buffer.row(row)
      for index in part { activations[Int(list[index])] = values[index] }
    }
    worker.barrier()
    down.run(worker, step)
  }
}
