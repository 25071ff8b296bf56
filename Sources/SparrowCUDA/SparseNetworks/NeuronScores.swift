import CSparrowCUDA
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// Scores of a layer's neurons or groups, `[rows][width]`, from the input of its network or of the
/// one before.
struct NeuronScores: Sendable {
  private enum Source: Sendable {
    case linear(LinearScores)
    case sketch(SketchScores, input: DeviceRows, NeuronSizes)
    /// The network's own gate, or gate and up.
    case own(Products, NeuronSizes)
  }

  private let source: Source

  /// `activations` is where those lie that predicting computes or estimates of all neurons.
  init(
    _ plan: FeedForwardPlan, _ layer: Int, _ network: FeedForwardDescription, of input: DeviceRows,
    into scores: DeviceRows, activations: DeviceRows, _ operands: Operands, _ memory: DeviceMemory
  ) throws(SparrowError) {
    var sizes = scu_sizes()
    (sizes.scores, sizes.scores_stride) = (scores.address, Int32(scores.width))
    (sizes.estimates, sizes.estimates_stride) = (activations.address, Int32(activations.width))
    sizes.width = Int32(network.width)
    sizes.activation = network.activation.number
    switch plan.predictor {
    case .lowRank(let maps), .router(let maps):
      source = .linear(try LinearScores(maps, of: input, into: scores, operands, memory))
    case .sketch(let sketch):
      let own = try SketchScores(sketch, ranksBlocks: false, operands, memory)
      let second = FeedForwardPlan.paddedNeurons(network.width)
      if !plan.isRestEstimated { sizes.estimates = 0 }
      (sizes.gates, sizes.stride) = (own.scores.address, Int32(own.scores.width))
      if network.gated { sizes.values = own.scores.address + UInt64(4 * second) }
      (sizes.bias, sizes.second) = (own.bias, Int32(second))
      sizes.constants = own.meanDots
      source = .sketch(own, input: input, try NeuronSizes(sizes, operands.kernels.library))
    case .gate, .exact:
      let neurons = operands.buffer(.neurons, layer)
      let first = network.gated ? operands.buffer(.gates, layer) : neurons
      var parts: [Products.Part] = []
      if network.gated { parts.append(operands.part(.gate, layer, into: first)) }
      if plan.predictor == .exact { parts.append(operands.part(.up, layer, into: neurons)) }
      (sizes.gates, sizes.stride) = (first.address, Int32(first.width))
      if network.gated, plan.predictor == .exact { sizes.values = neurons.address }
      source = .own(
        Products(parts, of: input, operands), try NeuronSizes(sizes, operands.kernels.library))
    }
  }

  /// `hasRead`, of linear maps alone, marks where their input may change.
  func launch(_ shape: StepShape, hasRead: CUDAEvent? = nil) throws(SparrowError) {
    switch source {
    case .linear(let maps): try maps.launch(shape, hasRead: hasRead)
    case .sketch(let sketch, let input, let sizes):
      try sketch.launch(input, rows: shape.rows)
      try sizes.launch(shape)
    case .own(let products, let sizes):
      try products.launch(shape)
      try sizes.launch(shape)
    }
  }
}

/// Sizes of activations from products of all neurons.
struct NeuronSizes: Sendable {
  private let kernel: CUDAKernel
  private let argument: scu_sizes

  init(_ argument: scu_sizes, _ library: KernelLibrary) throws(SparrowError) {
    self.argument = argument
    kernel = try library.kernel(
      "neuron_sizes", of: ["sparse_arguments.h", "prepare.cuh", "sizes.cu"])
  }

  func launch(_ shape: StepShape) throws(SparrowError) {
    try kernel.launch(
      .init(grid: (Int(argument.width) + 255) / 256, shape.rows, block: 256, startsEarly: true),
      argument)
  }
}
