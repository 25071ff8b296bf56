import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowTransformer

/// Shows probes what a sparse network touches, and audits the exact activations of all its neurons
/// beside.
struct NetworkLook: Sendable {
  private let layer: Int
  private let network: FeedForwardDescription
  private let chosen: DeviceLists
  private let input: DeviceRows
  private let operands: Operands

  init(
    _ layer: Int, _ network: FeedForwardDescription, _ chosen: DeviceLists, _ input: DeviceRows,
    _ operands: Operands
  ) {
    self.layer = layer
    self.network = network
    self.chosen = chosen
    self.input = input
    self.operands = operands
  }

  func look(_ shape: StepShape, _ probes: StepProbes) throws(SparrowError) {
    guard probes.audit != nil || probes.selections != nil else { return }
    let context = operands.kernels.library.context
    var sizes: [Float] = []
    if probes.audit != nil { sizes = try exactSizes(shape, context) }
    for row in 0..<shape.rows {
      let selected = try chosen.read(row, in: context)
      probes.selections?(Selected(.network, layer: layer, row: row, indices: selected))
      let own = row * network.width..<(row + 1) * network.width
      sizes.withUnsafeMutableBufferPointer {
        guard !$0.isEmpty else { return }
        probes.audit?.note(
          network: layer, selected: selected, sizes: UnsafeMutableBufferPointer(rebasing: $0[own]))
      }
    }
  }

  /// |activation| of all neurons, `[rows][neurons]`, in memory of its own.
  private func exactSizes(
    _ shape: StepShape, _ context: CUDAContext
  ) throws(SparrowError) -> [Float] {
    let memory = DeviceMemory(in: context)
    let gates = try memory.rows(shape.rows, width: network.width)
    let values = try memory.rows(shape.rows, width: network.width)
    var parts = [operands.part(.up, layer, into: network.gated ? values : gates)]
    if network.gated { parts.insert(operands.part(.gate, layer, into: gates), at: 0) }
    try Products(parts, of: input, operands).launch(rows: shape.rows)
    var sizes = scu_sizes()
    (sizes.gates, sizes.stride) = (gates.address, Int32(gates.width))
    if network.gated { sizes.values = values.address }
    (sizes.scores, sizes.scores_stride) = (gates.address, Int32(gates.width))
    (sizes.width, sizes.activation) = (Int32(network.width), network.activation.number)
    try NeuronSizes(sizes, operands.kernels.library).launch(shape)
    return try context.values(shape.rows * network.width, at: gates.address, zero: 0)
  }
}
