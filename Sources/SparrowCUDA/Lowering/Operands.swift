import CSparrowCUDA
import SparrowTransformer

/// What a program's launches point to: weights by role, the step's buffers, and the kernels.
final class Operands: Sendable {
  let model: ModelConfiguration
  let weights: DeviceWeights
  let buffers: StepBuffers
  let inputs: StepInputs
  let kernels: StepKernels

  init(
    _ model: ModelConfiguration, weights: DeviceWeights, buffers: StepBuffers,
    inputs: StepInputs, kernels: StepKernels
  ) {
    self.model = model
    self.weights = weights
    self.buffers = buffers
    self.inputs = inputs
    self.kernels = kernels
  }

  /// Of the device.
  var multiprocessors: Int { kernels.library.context.device.multiprocessors }

  /// A buffer with rows as wide as the layer's, which may have less of heads than others.
  func buffer(_ name: Operation.Buffer, _ layer: Int?) -> DeviceRows {
    let own = buffers[name]
    return own.narrowed(to: model.width(of: name, layer: layer) ?? own.width)
  }

  func matrix(_ kind: WeightRole.Kind, _ layer: Int?) -> DeviceMatrix {
    weights.matrix(WeightRole(kind, layer: layer))
  }

  /// Where a norm weight lies; 0 without.
  func vector(_ kind: WeightRole.Kind, _ layer: Int?) -> scu_address {
    weights.address(WeightRole(kind, layer: layer)) ?? 0
  }

  /// The bias that goes with a matrix or a norm; 0 without.
  func bias(_ kind: WeightRole.Kind, _ layer: Int?) -> scu_address {
    kind.bias.flatMap { weights.address(WeightRole($0, layer: layer)) } ?? 0
  }

  func part(_ kind: WeightRole.Kind, _ layer: Int?, into output: DeviceRows) -> Products.Part {
    Products.Part(matrix: matrix(kind, layer), bias: bias(kind, layer), output: output)
  }

  /// One matrix whose product lands in `output`.
  func products(
    _ kind: WeightRole.Kind, _ layer: Int?, of input: DeviceRows, _ output: Operation.Buffer,
    _ landing: Operation.Landing
  ) -> Products {
    Products(
      [part(kind, layer, into: buffer(output, layer))], of: input, adds: landing == .add, self)
  }

  /// Threads of a block that takes a row of so many elements; the same for every step, since sums
  /// follow it.
  func threads(_ width: Int) -> Int { min(1024, max(128, (width / 4 + 31) / 32 * 32)) }
}
