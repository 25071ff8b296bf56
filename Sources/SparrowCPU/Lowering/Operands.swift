internal import CSparrowKernels
import SparrowCore
import SparrowTransformer

/// What a program's kernels point to: weights by role, and its named buffers as they stand where an
/// operation runs.
final class Operands {
  let memory: ModelMemory
  /// What lives as long as the lowered program.
  let owned = OwnedMemory()
  /// Layers run one after the other and share it.
  let attendScratch: PerWorker<UInt8>
  /// Buffers that hold a norm's result.
  private var normed: Set<Operation.Buffer> = []
  /// What the last projections read.
  private(set) var projected = Operation.Buffer.hidden

  init(_ memory: ModelMemory, workers: Int) {
    self.memory = memory
    let bytes = memory.model.layers.map(\.attention).map { attention in
      withUnsafePointer(to: attention.kernel) {
        sk_attend_scratch(
          $0, Int32(attention.groupHeads), Int32(AttendKernel.block))
      }
    }
    attendScratch = PerWorker(bytes.max() ?? 0, workers: workers, memory: owned)
  }

  var model: ModelConfiguration { memory.model }
  var weights: PackedWeights { memory.weights }
  var buffers: StepBuffers { memory.buffers }

  /// Notes what an operation leaves in its buffers, for those after it.
  func note(_ operation: Operation) {
    switch operation.kind {
    case .norm(_, _, let input, let output) where input != output: normed.insert(output)
    case .project(_, let input), .projectHeads(_, let input):
      projected = input
      normed.subtract([.query, .headGates, .key, .value])
    case .attend, .attendHeads: normed.remove(.attended)
    case .multiplyLarge(_, _, let outputs, _): normed.subtract(outputs)
    case .embed(let output, _), .norm(_, _, _, let output), .multiply(_, _, let output, _),
      .sparseOutput(let output, _), .feedForward(_, _, let output, _),
      .sparseFeedForward(_, _, let output, _), .add(_, let output), .scale(_, let output):
      normed.remove(output)
    default: break
    }
  }

  // MARK: - Buffers

  /// A buffer with rows as wide as the layer's, which may have less of heads than others.
  func buffer(_ name: Operation.Buffer, _ layer: Int?) -> StepBuffer {
    buffers[name].narrowed(to: model.width(of: name, layer: layer) ?? buffers[name].width)
  }

  /// A buffer as matrices read it.
  func input(_ name: Operation.Buffer, _ layer: Int?) -> StepInput {
    StepInput(buffer: buffer(name, layer), isPrivate: normed.contains(name))
  }

  // MARK: - Weights

  func matrix(_ kind: WeightRole.Kind, _ layer: Int?) -> UnsafePointer<sk_matrix> {
    weights.matrix(WeightRole(kind, layer: layer))
  }

  /// The bias that goes with a matrix or a norm; nil without.
  func bias(_ kind: WeightRole.Kind, _ layer: Int?) -> UnsafePointer<Float>? {
    kind.bias.flatMap { weights.vector(WeightRole($0, layer: layer)) }
  }

  func product(_ kind: WeightRole.Kind, _ layer: Int?, into output: StepBuffer) -> Product {
    Product(matrix: matrix(kind, layer), bias: bias(kind, layer), output: output)
  }

  /// The weight of a norm of `width` elements, with the family's offset added where the
  /// checkpoint's form wants it.
  func normWeight(
    _ kind: WeightRole.Kind, _ layer: Int?, _ norm: NormDescription, _ width: Int
  ) -> UnsafePointer<Float>? {
    let weight = weights.vector(WeightRole(kind, layer: layer))
    guard let weight, norm.weightOffset != 0 else { return weight }
    let shifted = owned.floats(width)
    for index in 0..<width { shifted[index] = weight[index] + norm.weightOffset }
    return UnsafePointer(shifted)
  }

  // MARK: - Products

  /// Several matrices over one input; into a residual stream only one.
  func multiply(
    _ products: [Product], _ input: StepInput, addedTo residual: StepBuffer? = nil
  ) -> MultiplyKernel {
    MultiplyKernel(
      products: owned.copy(products), count: products.count, input: input, residual: residual)
  }

  /// One matrix whose product lands in `output`, perhaps by way of the result buffer.
  func multiply(
    _ kind: WeightRole.Kind, _ layer: Int?, _ input: StepInput, _ output: Operation.Buffer,
    _ landing: Operation.Landing, by sketch: UnsafePointer<sk_matrix>? = nil
  ) -> MultiplyKernel {
    let isAdded = landing == .add
    var product = product(kind, layer, into: buffer(isAdded ? .result : output, layer))
    if let sketch { product.matrix = sketch }
    return multiply([product], input, addedTo: isAdded ? buffers[output] : nil)
  }
}

/// What lowered programs point into: a model's packed weights and the buffers of its steps.
struct ModelMemory {
  let model: ModelConfiguration
  let weights: PackedWeights
  let buffers: StepBuffers
}
