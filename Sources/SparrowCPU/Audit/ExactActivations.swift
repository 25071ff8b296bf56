import SparrowCore

/// Memory for the sizes of all of a network's activations; networks run one after the other and
/// share it.
struct ExactActivations {
  private let sizes: NeuronScores
  private let gates: StepBuffer
  private let others: StepBuffer
  private let memory = OwnedMemory()

  init(width: Int, workers: Int) {
    sizes = NeuronScores(width: width, workers: workers, memory: memory)
    let values = memory.floats(2 * StepState.maximumSparseRows * width)
    func buffer(_ index: Int) -> StepBuffer {
      StepBuffer(
        values: values + index * StepState.maximumSparseRows * width, width: width, quantized: nil)
    }
    gates = buffer(0)
    others = buffer(1)
  }

  /// |activation| of a row's neurons, `[neurons]`.
  func sizes(of row: Int, width: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: sizes.scores(of: row), count: width)
  }

  /// Computes the sizes of a network from the step's input, each worker a share.
  func compute(_ network: SelectedNeurons, _ worker: Worker, _ step: StepState) {
    func product(_ product: Product, _ output: StepBuffer) -> Product {
      Product(matrix: product.matrix, bias: product.bias, output: output)
    }
    PredictKernel(
      predictor: .own(
        gate: network.gate.map { product($0, gates) }, up: product(network.up, others),
        activations: gates), activation: network.activation, isGated: network.gate != nil,
      input: network.input, result: sizes
    ).run(worker, step)
  }
}
