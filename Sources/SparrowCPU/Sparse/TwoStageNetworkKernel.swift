import SparrowCore

/// A feed-forward network in HiRE's two stages: the exact activations of all selected neurons
/// choose those that read their column of down (arXiv 2402.09360, section 3.3).
struct TwoStageNetworkKernel: BitwiseCopyable {
  let neurons: SelectedNeurons
  let kept: KeptNeurons
  let down: DownColumns

  func run(_ worker: Worker, _ step: StepState) {
    let x = neurons.x(worker, step)
    down.sums.clear(worker, step)
    neurons.forEachPart(worker, step) { row, list, part in
      neurons.activate(worker, row, x, list, part, into: kept.activations(of: row))
    }
    worker.barrier()
    kept.choose(worker, step, of: neurons.lists)
    worker.barrier()
    kept.lists.forEachPart(worker, step) { row, list, part in
      down.prefetch(list, part)
      down.add(worker, row, list, kept.activations(of: row), part)
    }
    worker.barrier()
    down.addUp(worker, step)
  }
}
