import SparrowCore

/// A feed-forward network over the neurons that a step selected.
///
/// Workers share out each row's neurons. In a batch every row keeps its own selection; workers go
/// through windows of neurons, so that weights which several rows want are read once from memory.
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
