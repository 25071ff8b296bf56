import CSparrowCUDA
import SparrowCore
import SparrowTransformer

/// Exact activations of the neurons that rows chose, by number.
struct ExactNeurons: Sendable {
  static let files = [
    "sparse_arguments.h", "prepare.cuh", "gather.cuh", "neurons.cu",
  ]

  private let kernel: CUDAKernel
  private let blocks: Int
  private let argument: scu_neurons

  /// `gates` are activated gates where those are known; `estimates` get zeros where a neuron is
  /// chosen.
  init(
    _ layer: Int, _ network: FeedForwardDescription, of input: DeviceRows, chosen: DeviceLists,
    gates: DeviceRows?, into values: DeviceRows, clearing estimates: DeviceRows?,
    _ operands: Operands
  ) throws(SparrowError) {
    let up = operands.matrix(.up, layer)
    var argument = scu_neurons()
    argument.up = up.argument
    argument.up_bias = operands.bias(.up, layer)
    if network.gated {
      argument.gate = operands.matrix(.gate, layer).argument
      argument.gate_bias = operands.bias(.gate, layer)
    }
    (argument.input, argument.input_width) = (input.address, Int32(input.width))
    (argument.values, argument.width) = (values.address, Int32(values.width))
    argument.gates = gates?.address ?? 0
    argument.estimates = estimates?.address ?? 0
    argument.chosen = chosen.argument
    argument.activation = network.activation.number
    self.argument = argument
    // A block takes eight neurons at a time; more blocks have more of them under way.
    let processors = operands.multiprocessors
    blocks = min(4 * processors, max(processors, network.width / 16))
    kernel = try operands.kernels.library.kernel(
      "neuron_values", of: Self.files,
      sharedBytes: 4 * max(Int(up.argument.stride), Int(argument.gate.stride)))
  }

  func launch(_ shape: StepShape) throws(SparrowError) {
    try kernel.launch(.init(grid: blocks, shape.rows, block: 256, startsEarly: true), argument)
  }
}
