internal import CSparrowKernels
import SparrowCore
import SparrowEngine
import SparrowTransformer

/// A step program lowered to kernel calls: everything that decoding touches is allocated here.
final class Lowering {
  /// Operations up to the head's input; a barrier stands after each.
  private(set) var operations: [LoweredOperation] = []
  /// Where a profile counts each of them.
  private(set) var profileParts: [StepProfile.Part] = []
  /// The head's operations, from its input to logits.
  private(set) var headOperations: [LoweredOperation] = []
  /// What a dense step after sparse ones runs before its own operations; no kernel waits for
  /// another.
  let catchUps: [CatchUpKernel]
  /// The buffer that the head reads.
  private(set) var headInput: Operation.Buffer = .hidden
  private let operands: Operands
  /// They lower what is sparse, and keep what its kernels point to.
  private let parts: [any SparsePart]
  /// nil where no logits are wanted.
  private let head: VocabularyHead?

  init(
    _ program: StepProgram, _ memory: ModelMemory, parts: [any SparsePart] = [],
    head: VocabularyHead? = nil, workers: Int
  ) {
    self.parts = parts
    self.head = head
    operands = Operands(memory, workers: workers)
    catchUps = parts.flatMap { [operands] in $0.catchUps(operands) }
    for operation in program.operations {
      guard !lowerHead(operation) else { continue }
      if let kernel = lower(operation) {
        operations.append(kernel)
        profileParts.append(operation.kind.part)
      }
      operands.note(operation)
    }
  }

  /// The kernel of an operation; nil where another one's does its work.
  private func lower(_ operation: Operation) -> LoweredOperation? {
    let layer = operation.layer
    let (buffers, model) = (operands.buffers, operands.model)
    switch operation.kind {
    case .embed(let output, let positions):
      return .embed(
        EmbedKernel(
          table: operands.matrix(.tokenEmbedding, nil), scale: model.embeddingScale,
          positions: positions ? positionKernel(output) : nil, output: buffers[output]))
    case .addPositions(let output): return .addPositions(positionKernel(output))
    case .addTokenType(let output):
      let row = operands.owned.floats(model.hidden)
      sk_unpack_row(operands.matrix(.tokenTypeEmbedding, nil), 0, row)
      return .addTokenType(TokenTypeKernel(row: row, output: buffers[output]))
    case .norm(let norm, let weight, let input, let output):
      return .norm(normKernel(norm, weight, layer, input, output))
    case .multiply(let kind, let input, let output, let landing):
      return .multiply(
        operands.multiply(kind, layer, operands.input(input, layer), output, landing))
    case .activate(let network):
      return .activate(
        ActivateKernel(
          activation: network.activation.kernel, width: network.width,
          gates: network.gated ? buffers.gates : nil, neurons: buffers.neurons))
    case .project(let attention, let input):
      let kinds: [WeightRole.Kind] =
        attention.isGated ? [.query, .queryGate, .key, .value] : [.query, .key, .value]
      return .multiply(
        operands.multiply(
          kinds.map { operands.projection($0, layer!) }, operands.input(input, layer)))
    // One kernel with the append that follows.
    case .normHeads, .rotate: return nil
    case .append(let attention): return .heads(operands.headsKernel(attention, layer!))
    case .attend(let attention): return .attend(operands.attendKernel(attention, layer!))
    case .gateHeads:
      return .gateHeads(
        GateAttentionKernel(
          gates: operands.buffer(.headGates, layer),
          attended: operands.buffer(.attended, layer)))
    case .feedForward(let network, let input, let output, let landing):
      return .feedForward(feedForward(network, layer!, input, output, landing))
    case .add(let input, let output):
      return .add(AddKernel(input: operands.input(input, layer), output: buffers[output]))
    case .scale(let kind, let output):
      let factor = operands.weights.vector(WeightRole(kind, layer: layer))![0]
      return .scale(ScaleKernel(factor: factor, output: buffers[output]))
    case .multiplyLarge, .predictHeads, .selectHeads, .keepInput, .projectHeads, .appendHeads,
      .attendHeads, .sparseOutput, .predict, .select, .sparseFeedForward:
      for part in parts {
        if let kernel = part.lower(operation, operands) { return kernel }
      }
      preconditionFailure("no part lowers \(operation)")
    case .head, .sketch, .candidates, .exact: preconditionFailure("the head is lowered apart")
    }
  }

  /// Lowers an operation of the vocabulary head; false for any other.
  private func lowerHead(_ operation: Operation) -> Bool {
    switch operation.kind {
    case .head(let input):
      headInput = input
      if let head { headOperations.append(.head(head.dense(input: operands.buffers[input]))) }
    case .sketch(let input):
      headInput = input
      if let search = head?.search { headOperations.append(.sketch(search.sketch)) }
    case .candidates:
      if let search = head?.search { headOperations.append(.candidates(search.candidates)) }
    case .exact:
      if let search = head?.search { headOperations.append(.exact(search.exact)) }
    default: return false
    }
    return true
  }

  private func positionKernel(_ output: Operation.Buffer) -> PositionKernel {
    PositionKernel(
      table: operands.matrix(.positionEmbedding, nil),
      offset: Int32(operands.model.learnedPositionOffset ?? 0),
      positions: operands.buffers.positions, scratch: operands.buffers[.input],
      output: operands.buffers[output])
  }

  private func normKernel(
    _ norm: NormDescription, _ kind: WeightRole.Kind, _ layer: Int?, _ input: Operation.Buffer,
    _ output: Operation.Buffer
  ) -> NormKernel {
    let source = operands.buffer(input, layer)
    return NormKernel(
      isRMS: norm.kind == .rms, epsilon: norm.epsilon,
      weight: operands.normWeight(kind, layer, norm, source.width),
      bias: operands.bias(kind, layer), input: source, output: operands.buffer(output, layer),
      quantizes: input != output && readers(kind, layer).contains { sk_wants_quantized($0) != 0 })
  }

  /// The matrices that read a norm's result; none where it is added to the residual stream.
  private func readers(_ norm: WeightRole.Kind, _ layer: Int?) -> [UnsafePointer<sk_matrix>] {
    guard let layer else { return [] }
    let description = operands.model.layers[layer]
    let network: [WeightRole.Kind] = description.feedForward.gated ? [.up, .gate] : [.up]
    let kinds: [WeightRole.Kind]
    switch norm {
    case .attentionNorm:
      let queries: [WeightRole.Kind] =
        description.attention.isGated ? [.query, .queryGate] : [.query]
      kinds = queries + [.key, .value] + (description.placement == .shared ? network : [])
    case .feedForwardNorm: kinds = network
    default: kinds = []
    }
    return kinds.map { operands.matrix($0, layer) }
  }

  private func feedForward(
    _ network: FeedForwardDescription, _ layer: Int, _ input: Operation.Buffer,
    _ output: Operation.Buffer, _ landing: Operation.Landing
  ) -> FeedForwardKernel {
    let buffers = operands.buffers
    let neurons = network.gated ? buffers.gates : buffers.neurons
    let activations = StepInput(buffer: neurons, isPrivate: false)
    return FeedForwardKernel(
      layer: layer, activation: network.activation.kernel,
      gate: network.gated ? operands.product(.gate, layer, into: buffers.gates) : nil,
      up: operands.product(.up, layer, into: buffers.neurons),
      input: operands.input(input, layer), neurons: neurons,
      down: operands.multiply(.down, layer, activations, output, landing))
  }
}
