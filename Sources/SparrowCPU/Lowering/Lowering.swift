package import CSparrowKernels
import SparrowCore
package import SparrowTransformer

/// A step program lowered to kernel calls: everything that decoding touches is allocated here.
final class Lowering {
  /// Operations up to the head's input; a barrier stands after each.
  private(set) var operations: [LoweredOperation] = []
  /// What a dense step after sparse ones runs before its own operations; no kernel waits for another.
  private(set) var catchUps: [CatchUpKernel] = []
  /// The buffer that the head reads.
  private(set) var headInput: Operation.Buffer = .hidden
  private let model: ModelConfiguration
  private let weights: PackedWeights
  private let buffers: StepBuffers
  private let sparse: SparseLayers?
  private let attention: SparseAttention?
  private let inputs: SparseInputs?
  private let memory = Scratch()
  /// Layers run one after the other and share it.
  private let attendScratch: PerWorker<UInt8>
  /// Buffers that hold a norm's result, which each worker has for itself and which is quantised already.
  private var normed: Set<Operation.Buffer> = []
  /// What the last projections read.
  private var projected = Operation.Buffer.hidden

  init(
    _ program: StepProgram, model: ModelConfiguration, weights: PackedWeights,
    buffers: StepBuffers, sparse: SparseLayers? = nil, attention: SparseAttention? = nil,
    inputs: SparseInputs? = nil, workers: Int
  ) {
    self.sparse = sparse
    self.attention = attention
    self.inputs = inputs
    self.model = model
    self.weights = weights
    self.buffers = buffers
    let attendBytes =
      model.layers.map(\.attention).map { attention in
        let group = attention.heads / attention.keyValueHeads
        return withUnsafePointer(to: attention.kernel) {
          sk_attend_scratch($0, Int32(group), Int32(AttendKernel.block))
        }
      }.max() ?? 0
    attendScratch = PerWorker(attendBytes, workers: workers, memory: memory)
    for (index, operation) in program.operations.enumerated() {
      lower(operation, next: program.operations.dropFirst(index + 1))
    }
  }

  private func lower(_ operation: Operation, next: ArraySlice<Operation>) {
    let layer = operation.layer
    switch operation.kind {
    case .embed(let output, let positions):
      operations.append(
        .embed(
          EmbedKernel(
            table: weights.matrix(WeightRole(.tokenEmbedding)), scale: model.embeddingScale,
            output: buffers[output])))
      normed.remove(output)
      if positions { addPositions(output) }
    case .addPositions(let output): addPositions(output)
    case .norm(let norm, let weight, let input, let output):
      operations.append(.norm(normKernel(norm, weight, layer, input, output)))
      if input == output { normed.remove(output) } else { normed.insert(output) }
    case .multiply(let kind, let input, let output, let landing):
      let product = product(kind, layer, landing == .add ? .result : output)
      operations.append(
        .multiply(
          multiply(
            [product], input: input, landing == .add ? output : nil, source(kind, layer))))
      normed.remove(output)
    case .multiplyLarge(let name, let input, let outputs, let landing):
      operations.append(
        .multiplyLarge(
          inputs!.multiply(
            InputSource(layer: layer!, input: name), from: self.input(input, layer),
            into: outputs.map { buffer($0, layer) },
            isAdded: landing == .add)))
      normed.subtract(outputs)
    case .activate(let network):
      operations.append(
        .activate(
          ActivateKernel(
            activation: network.activation.kernel, width: network.width,
            gates: network.gated ? buffers.gates : nil, neurons: buffers.neurons)))
    case .project(let attention, let input):
      projected = input
      let kinds: [WeightRole.Kind] =
        attention.isGated ? [.query, .queryGate, .key, .value] : [.query, .key, .value]
      operations.append(
        .multiply(
          multiply(kinds.map { projection($0, layer!) }, input: input, nil, source(.query, layer))))
      normed.subtract([.query, .headGates, .key, .value])
    // One kernel with the append that follows.
    case .normHeads, .rotate: break
    case .append(let attention): operations.append(.heads(headsKernel(attention, layer!)))
    case .attend(let attention):
      operations.append(.attend(attendKernel(attention, layer!)))
      normed.remove(.attended)
    case .gateHeads:
      operations.append(
        .gateHeads(
          GateHeadsKernel(gates: buffer(.headGates, layer), attended: buffer(.attended, layer))))
    case .predictHeads, .selectHeads, .keepInput, .projectHeads, .appendHeads, .attendHeads,
      .sparseOutput:
      lowerHeads(operation.kind, layer!)
    case .feedForward(let network, let input, let output, let landing):
      feedForward(network, layer, input, output, landing)
    case .predict(let network, let input):
      operations.append(
        .predict(
          sparse!.predict(
            layer!, network, input: self.input(input, layer)
          ) { product($0, layer, $1) }))
    case .select: operations.append(.select(sparse!.select(layer!)))
    case .sparseFeedForward(let network, let input, let output, let landing):
      operations.append(
        .sparseFeedForward(
          sparse!.feedForward(
            layer!, network, input: self.input(input, layer),
            output: buffers[output], isAdded: landing == .add, product: { product($0, layer, $1) }
          ) { down(layer, of: $0, by: $1, output, landing) }))
      normed.remove(output)
    case .add(let input, let output):
      operations.append(
        .add(AddKernel(input: self.input(input, layer), output: buffers[output])))
      normed.remove(output)
    case .scale(let kind, let output):
      operations.append(
        .scale(
          ScaleKernel(
            factor: weights.vector(WeightRole(kind, layer: layer))![0], output: buffers[output])))
      normed.remove(output)
    case .head(let input), .sketch(let input): headInput = input
    case .candidates, .exact: break
    }
  }

  /// The operations of sparse attention.
  private func lowerHeads(_ kind: Operation.Kind, _ layer: Int) {
    let sparse = attention!
    switch kind {
    case .predictHeads(let attention, let input):
      operations.append(
        .predictHeads(
          sparse.predict(
            layer, attention.groupWidth, input: self.input(input, layer))))
    case .selectHeads: operations.append(.selectHeads(sparse.select(layer)))
    case .keepInput(let attention, let input):
      operations.append(
        .keepInput(
          sparse.keep(
            layer, input: self.input(input, layer),
            heads: headsKernel(attention, layer))))
    case .projectHeads(let attention, let input):
      projected = input
      operations.append(
        .projectHeads(
          sparse.project(
            layer, input: self.input(input, layer),
            attention: shape(attention, layer)
          ) { projection($0, layer) }))
      normed.subtract([.query, .key, .value])
    case .appendHeads(let attention):
      let heads = headsKernel(attention, layer)
      operations.append(
        .appendHeads(sparse.append(layer, heads: heads) { projection($0, layer) }))
      if let kernel = sparse.catchUp(layer, heads: heads, product: { projection($0, layer) }) {
        catchUps.append(kernel)
      }
    case .attendHeads(let attention):
      operations.append(
        .attendHeads(
          sparse.attend(attendKernel(attention, layer), window: attention.window)))
      normed.remove(.attended)
    case .sparseOutput(let output, let landing):
      operations.append(
        .sparseOutput(
          sparse.output(
            layer, attended: buffer(.attended, layer), output: buffers[output],
            isAdded: landing == .add)))
      normed.remove(output)
    default: preconditionFailure("no operation of sparse attention")
    }
  }

  private func projection(_ kind: WeightRole.Kind, _ layer: Int) -> Product {
    let output: Operation.Buffer =
      switch kind {
      case .query: .query
      case .queryGate: .headGates
      case .key: .key
      default: .value
      }
    return product(kind, layer, output)
  }

  private func addPositions(_ output: Operation.Buffer) {
    operations.append(
      .addPositions(
        PositionKernel(
          table: weights.matrix(WeightRole(.positionEmbedding)),
          offset: Int32(model.learnedPositionOffset ?? 0), positions: buffers.positions,
          scratch: buffers[.input], output: buffers[output])))
  }

  private func normKernel(
    _ norm: NormDescription, _ kind: WeightRole.Kind, _ layer: Int?, _ input: Operation.Buffer,
    _ output: Operation.Buffer
  ) -> NormKernel {
    let source = buffer(input, layer)
    return NormKernel(
      isRMS: norm.kind == .rms, epsilon: norm.epsilon,
      weight: normWeight(WeightRole(kind, layer: layer), norm, source.width),
      bias: kind.bias.flatMap { weights.vector(WeightRole($0, layer: layer)) },
      input: source, output: buffer(output, layer),
      quantizes: input != output && readers(kind, layer).contains { sk_wants_quantized($0) != 0 })
  }

  /// The matrices that read a norm's result; none where it is added to the residual stream.
  private func readers(_ norm: WeightRole.Kind, _ layer: Int?) -> [UnsafePointer<sk_matrix>] {
    guard let layer else { return [] }
    let description = model.layers[layer]
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
    return kinds.map { weights.matrix(WeightRole($0, layer: layer)) }
  }

  /// The weight of a norm with the family's offset added, where the checkpoint's form wants it.
  private func normWeight(
    _ role: WeightRole, _ norm: NormDescription, _ width: Int
  ) -> UnsafePointer<Float>? {
    guard let weight = weights.vector(role), norm.weightOffset != 0 else {
      return weights.vector(role)
    }
    let shifted = keep(Float.self, width)
    for index in 0..<width { shifted[index] = weight[index] + norm.weightOffset }
    return UnsafePointer(shifted)
  }

  private func product(
    _ kind: WeightRole.Kind, _ layer: Int?, _ output: Operation.Buffer
  ) -> Product {
    product(kind, layer, buffer(output, layer))
  }

  private func product(_ kind: WeightRole.Kind, _ layer: Int?, _ output: StepBuffer) -> Product {
    Product(
      matrix: weights.matrix(WeightRole(kind, layer: layer)),
      bias: kind.bias.flatMap { weights.vector(WeightRole($0, layer: layer)) }, output: output)
  }

  private func multiply(
    _ products: [Product], input: Operation.Buffer, _ residual: Operation.Buffer?,
    _ source: InputSource?
  ) -> MultiplyKernel {
    multiply(products, self.input(input, source?.layer), residual, source)
  }

  /// Which layer's input a matrix reads.
  private func source(_ kind: WeightRole.Kind, _ layer: Int?) -> InputSource? {
    guard let layer, let input = LayerInput.allCases.first(where: { $0.matrices.contains(kind) })
    else { return nil }
    return InputSource(layer: layer, input: input)
  }

  private func multiply(
    _ products: [Product], _ input: StepInput, _ residual: Operation.Buffer?,
    _ source: InputSource?
  ) -> MultiplyKernel {
    let memory = keep(Product.self, products.count)
    memory.initialize(from: products, count: products.count)
    return MultiplyKernel(
      products: memory, count: products.count, input: input,
      residual: residual.map { buffers[$0] }, source: source)
  }

  private func headsKernel(_ attention: AttentionDescription, _ layer: Int) -> HeadsKernel {
    let rotation = attention.rotary.flatMap { model.rotaries.firstIndex(of: $0) }
    let hasOwn = attention.headNormSpan == .ownHead
    let valueNorm = attention.valueNorm.map {
      HeadNorm(isRMS: $0.kind == .rms, epsilon: $0.epsilon, weight: nil, stride: 0)
    }
    func norm(_ kind: WeightRole.Kind, _ heads: Int) -> HeadNorm? {
      guard let norm = attention.headNorm, attention.headNormSpan != .allHeads else { return nil }
      let width = attention.headDimension
      return HeadNorm(
        isRMS: norm.kind == .rms, epsilon: norm.epsilon,
        weight: normWeight(
          WeightRole(kind, layer: layer), norm, hasOwn ? heads * width : width),
        stride: hasOwn ? width : 0)
    }
    return HeadsKernel(
      attention: shape(attention, layer), queryNorm: norm(.queryNorm, attention.heads),
      keyNorm: norm(.keyNorm, attention.keyValueHeads), valueNorm: valueNorm,
      cosine: rotation.map { UnsafePointer(buffers.rotations[$0].cosine) },
      sine: rotation.map { UnsafePointer(buffers.rotations[$0].sine) },
      rotary: attention.rotary?.dimension ?? 0,
      interleaved: attention.rotary?.interleaved ?? false, query: buffer(.query, layer),
      key: buffer(.key, layer), value: buffer(.value, layer))
  }

  private func attendKernel(_ attention: AttentionDescription, _ layer: Int) -> AttendKernel {
    let parameters = keep(sk_attention.self, 1)
    parameters.initialize(to: attention.kernel)
    return AttendKernel(
      layer: layer, attention: shape(attention, layer), input: buffers[projected],
      parameters: parameters,
      query: buffer(.query, layer), output: buffer(.attended, layer), scratch: attendScratch)
  }

  private func shape(_ attention: AttentionDescription, _ layer: Int) -> AttentionShape {
    let before = model.layers[..<layer].reduce(0) {
      $0 + 2 * $1.attention.keyValueHeads * $1.attention.headDimension
    }
    return AttentionShape(
      heads: attention.heads, keyValueHeads: attention.keyValueHeads,
      headDimension: attention.headDimension, elementsBefore: before)
  }

  /// A buffer with rows as wide as the layer's, which may have less of heads than others.
  private func buffer(_ name: Operation.Buffer, _ layer: Int?) -> StepBuffer {
    guard let attention = layer.map({ model.layers[$0].attention }) else { return buffers[name] }
    switch name {
    case .query, .headGates, .attended:
      return buffers[name].narrowed(to: attention.heads * attention.headDimension)
    case .key, .value:
      return buffers[name].narrowed(to: attention.keyValueHeads * attention.headDimension)
    default: return buffers[name]
    }
  }

  /// The same as what matrices read.
  private func input(_ name: Operation.Buffer, _ layer: Int?) -> StepInput {
    StepInput(buffer: buffer(name, layer), isPrivate: normed.contains(name))
  }

  private func feedForward(
    _ network: FeedForwardDescription, _ layer: Int?, _ input: Operation.Buffer,
    _ output: Operation.Buffer, _ landing: Operation.Landing
  ) {
    let up = product(.up, layer, buffers.neurons)
    let gate = network.gated ? product(.gate, layer, buffers.gates) : nil
    let neurons = gate == nil ? buffers.neurons : buffers.gates
    operations.append(
      .feedForward(
        FeedForwardKernel(
          layer: layer!, activation: network.activation.kernel, gate: gate, up: up,
          input: self.input(input, layer),
          neurons: neurons, down: down(layer, of: neurons, output, landing))))
    normed.remove(output)
  }

  /// All of a network's down, or of its sketch, over the activations in `neurons`.
  private func down(
    _ layer: Int?, of neurons: StepBuffer, by sketch: UnsafePointer<sk_matrix>? = nil,
    _ output: Operation.Buffer, _ landing: Operation.Landing
  ) -> MultiplyKernel {
    var product = product(.down, layer, landing == .add ? .result : output)
    if let sketch { product.matrix = sketch }
    return multiply(
      [product], StepInput(buffer: neurons, isPrivate: false), landing == .add ? output : nil,
      source(.down, layer))
  }

  /// Memory that lives as long as the lowered program.
  private func keep<T>(_ type: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
    memory.bytes(MemoryLayout<T>.stride * count).bindMemory(to: type, capacity: count)
  }
}

extension Activation {
  package var kernel: sk_activation {
    switch self {
    case .relu: SK_RELU
    case .reluSquared: SK_RELU_SQUARED
    case .silu: SK_SILU
    case .gelu: SK_GELU_ERF
    case .geluTanh: SK_GELU_TANH
    }
  }
}

extension AttentionDescription {
  /// Elements of a head group's queries.
  var groupWidth: Int { heads / keyValueHeads * headDimension }

  var kernel: sk_attention {
    sk_attention(
      head_dim: Int32(headDimension), window: Int32(window), scale: scale, softcap: softcap)
  }
}
