import CSparrowCUDA
import SparrowCore
import SparrowTransformer

/// Exact activations of the neurons that rows chose, by number.
struct ExactNeurons: Sendable {
  private let operands: Operands
  private let input: DeviceRows
  /// One, or the gates' and then the rest where matrices are of two formats.
  private var launches: [scu_neurons] = []

  /// `gates` are activated gates where those are known; `estimates` get zeros where a neuron is
  /// chosen.
  init(
    _ layer: Int, _ network: FeedForwardDescription, of input: DeviceRows, chosen: DeviceLists,
    gates: DeviceRows?, into values: DeviceRows, clearing estimates: DeviceRows?,
    _ operands: Operands
  ) {
    self.operands = operands
    self.input = input
    var argument = scu_neurons()
    argument.up = operands.matrix(.up, layer).argument
    argument.up_bias = operands.bias(.up, layer)
    (argument.input, argument.input_width) = (input.address, Int32(input.width))
    (argument.values, argument.width) = (values.address, Int32(values.width))
    argument.gates = gates?.address ?? 0
    argument.estimates = estimates?.address ?? 0
    argument.chosen = chosen.argument
    argument.activation = network.activation.number
    if network.gated, gates == nil {
      let gate = operands.matrix(.gate, layer).argument
      let bias = operands.bias(.gate, layer)
      if gate.format == argument.up.format {
        (argument.gate, argument.gate_bias) = (gate, bias)
      } else {
        var first = argument
        (first.up, first.up_bias, first.estimates) = (gate, bias, 0)
        launches.append(first)
        argument.gates = values.address
      }
    }
    launches.append(argument)
  }

  func launch(_ shape: StepShape) throws(SparrowError) {
    let kernels = operands.kernels
    for var launch in launches {
      launch.rows = Int32(shape.rows)
      let format = scu_format(UInt32(launch.up.format))
      guard format != SCU_F32 else {
        try launchFloats(launch)
        continue
      }
      launch.x = operands.buffers.prepared(columns: input.width, isHalf: format != SCU_BF16)
      // A single row each block makes for itself.
      if shape.rows > 1 {
        try kernels.prepare.launch(
          .init(grid: shape.rows, block: operands.threads(input.width), startsEarly: true),
          scu_prepare(
            input: input.address, input_width: Int32(input.width), width: Int32(input.width),
            to: launch.x))
      }
      let cut = ProductCut(
        chosen: format, isGated: launch.gate.weights != 0, neurons: Int(launch.width),
        rows: shape.rows, stride: Int(launch.x.stride), on: kernels.library.context.device)
      try cut.kernel(kernels.library).launch(cut.shape, launch)
    }
  }

  private func launchFloats(_ launch: scu_neurons) throws(SparrowError) {
    let kernel = try operands.kernels.library.kernel(
      "neuron_values_floats",
      of: ["sparse_arguments.h", "prepare.cuh", "chosen.cuh", "neurons_floats.cu"],
      constants: [("ROWS", launch.rows == 1 ? 1 : StepShape.sparseRows)])
    try kernel.launch(
      .init(grid: 2 * operands.multiprocessors, block: 256, startsEarly: true), launch)
  }
}
