import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowTransformer

/// A step program as launches of kernels.
struct Lowering: Sendable {
  /// Up to the head's input.
  private(set) var operations: [LoweredOperation] = []
  /// The buffer that the head reads.
  private(set) var headInput: Operation.Buffer = .hidden
  private let operands: Operands
  /// What the last projections read.
  private var projected = Operation.Buffer.hidden

  init(_ program: StepProgram, _ operands: Operands) {
    self.operands = operands
    for operation in program.operations { add(operation) }
  }

  private mutating func add(_ operation: Operation) {
    let layer = operation.layer
    let operands = operands
    switch operation.kind {
    case .embed(let output, let positions): embed(operation, output, positions)
    case .addPositions(let output):
      append(operation, positions(output))
    case .norm(let norm, let weight, let input, let output):
      append(operation, self.norm(norm, weight, layer, input, output))
    case .multiply(let kind, let input, let output, let landing):
      let products = operands.products(
        kind, layer, of: operands.buffer(input, layer), output, landing)
      append(operation) { shape throws(SparrowError) in try products.launch(rows: shape.rows) }
    case .activate(let network): append(operation, activate(network, layer))
    case .project(let attention, let input): project(operation, attention, input)
    // One kernel with the append that follows.
    case .normHeads, .rotate: break
    case .append(let attention): append(operation, heads(attention, layer!))
    case .attend(let attention):
      operations.append(
        LoweredOperation(
          operation,
          observed: .init(
            .attention, input: operands.buffers[projected],
            result: operands.buffer(.attended, layer)),
          launch: attend(attention, layer!)))
    case .gateHeads: append(operation, gateHeads(layer!))
    case .feedForward(let network, let input, let output, let landing):
      feedForward(operation, network, input, output, landing)
    case .add(let input, let output):
      append(
        operation,
        add(operands.buffer(input, layer), to: operands.buffers[output], adds: true, scale: 1))
    case .scale(let kind, let output):
      let factor = operands.weights.vector(WeightRole(kind, layer: layer))![0]
      let buffer = operands.buffers[output]
      append(operation, add(buffer, to: buffer, adds: false, scale: factor))
    case .head(let input): headInput = input
    case .multiplyLarge, .predictHeads, .selectHeads, .keepInput, .projectHeads, .appendHeads,
      .attendHeads, .sparseOutput, .predict, .select, .sparseFeedForward, .sketch, .candidates,
      .exact:
      preconditionFailure("no part lowers \(operation)")
    }
  }

  private mutating func append(_ operation: Operation, _ launch: @escaping LoweredOperation.Launch)
  {
    operations.append(LoweredOperation(operation, launch: launch))
  }

  // MARK: - Rows

  private mutating func embed(_ operation: Operation, _ output: Operation.Buffer, _ adds: Bool) {
    let target = operands.buffers[output]
    let argument = scu_embed(
      table: operands.matrix(.tokenEmbedding, nil).argument, rows_of_step: operands.inputs.rows,
      output: target.address, width: Int32(target.width), by_position: 0, offset: 0,
      scale: operands.model.embeddingScale)
    let embed = launch(argument)
    guard adds else { return append(operation, embed) }
    let positions = positions(output)
    append(operation) { shape throws(SparrowError) in
      try embed(shape)
      try positions(shape)
    }
  }

  /// The learned rows of positions, added.
  private func positions(_ output: Operation.Buffer) -> LoweredOperation.Launch {
    let target = operands.buffers[output]
    return launch(
      scu_embed(
        table: operands.matrix(.positionEmbedding, nil).argument,
        rows_of_step: operands.inputs.rows, output: target.address, width: Int32(target.width),
        by_position: 1, offset: Int32(operands.model.learnedPositionOffset ?? 0), scale: 1))
  }

  private func launch(_ argument: scu_embed) -> LoweredOperation.Launch {
    let operands = operands
    return { shape throws(SparrowError) in
      try operands.kernels.embed.launch(
        .init(grid: shape.rows, block: operands.threads(Int(argument.width)), startsEarly: true),
        argument)
    }
  }

  private func norm(
    _ norm: NormDescription, _ kind: WeightRole.Kind, _ layer: Int?, _ input: Operation.Buffer,
    _ output: Operation.Buffer
  ) -> LoweredOperation.Launch {
    let operands = operands
    let source = operands.buffer(input, layer)
    let target = operands.buffer(output, layer)
    let argument = scu_norm(
      prepared: scu_prepared(), input: source.address, output: target.address,
      weight: operands.vector(kind, layer), bias: operands.bias(kind, layer),
      input_width: Int32(source.width), output_width: Int32(target.width),
      width: Int32(source.width), is_rms: norm.kind == .rms ? 1 : 0, epsilon: norm.epsilon,
      offset: norm.weightOffset)
    return { shape throws(SparrowError) in
      try operands.kernels.norm.launch(
        .init(grid: shape.rows, block: operands.threads(source.width), startsEarly: true), argument)
    }
  }

  /// output (=, +=) input * scale.
  private func add(
    _ input: DeviceRows, to output: DeviceRows, adds: Bool, scale: Float
  ) -> LoweredOperation.Launch {
    let operands = operands
    let argument = scu_add(
      input: input.address, output: output.address, input_width: Int32(input.width),
      output_width: Int32(output.width), width: Int32(output.width), adds: adds ? 1 : 0,
      scale: scale, softcap: 0)
    return { shape throws(SparrowError) in
      try operands.kernels.add.launch(
        .init(grid: (output.width + 255) / 256, shape.rows, block: 256, startsEarly: true),
        argument)
    }
  }

  // MARK: - Networks

  private func activate(
    _ network: FeedForwardDescription, _ layer: Int?
  ) -> LoweredOperation.Launch {
    activate(
      network.gated ? operands.buffer(.gates, layer) : nil, operands.buffer(.neurons, layer),
      network.activation.number)
  }

  private func activate(
    _ gates: DeviceRows?, _ values: DeviceRows, _ activation: Int32
  ) -> LoweredOperation.Launch {
    let operands = operands
    let argument = scu_activate(
      prepared: scu_prepared(), gates: gates?.address ?? 0, values: values.address,
      gates_width: Int32(gates?.width ?? 0), values_width: Int32(values.width),
      width: Int32(values.width), activation: activation)
    return { shape throws(SparrowError) in
      try operands.kernels.activate.launch(
        .init(grid: shape.rows, block: operands.threads(values.width), startsEarly: true), argument)
    }
  }

  private mutating func feedForward(
    _ operation: Operation, _ network: FeedForwardDescription, _ input: Operation.Buffer,
    _ output: Operation.Buffer, _ landing: Operation.Landing
  ) {
    let layer = operation.layer
    let kinds: [WeightRole.Kind] = network.gated ? [.gate, .up] : [.up]
    let source = operands.buffer(input, layer)
    let neurons = operands.buffer(.neurons, layer)
    let into = Products(
      kinds.map {
        operands.part($0, layer, into: $0 == .gate ? operands.buffer(.gates, layer) : neurons)
      },
      of: source, operands)
    let activate = activate(network, layer)
    let down = operands.products(.down, layer, of: neurons, output, landing)
    operations.append(
      LoweredOperation(
        operation, observed: .init(.feedForward, input: source, result: neurons)
      ) { shape throws(SparrowError) in
        try into.launch(rows: shape.rows)
        try activate(shape)
        try down.launch(rows: shape.rows)
      })
  }

  // MARK: - Attention

  private mutating func project(
    _ operation: Operation, _ attention: AttentionDescription, _ input: Operation.Buffer
  ) {
    projected = input
    let layer = operation.layer
    var kinds: [(WeightRole.Kind, Operation.Buffer)] = [
      (.query, .query), (.key, .key), (.value, .value),
    ]
    if attention.isGated { kinds.append((.queryGate, .headGates)) }
    let products = Products(
      kinds.map { operands.part($0, layer, into: operands.buffer($1, layer)) },
      of: operands.buffer(input, layer), operands)
    append(operation) { shape throws(SparrowError) in try products.launch(rows: shape.rows) }
  }

  /// Norms and turns queries and keys, and writes keys and values into the cache.
  private func heads(
    _ attention: AttentionDescription, _ layer: Int
  ) -> LoweredOperation.Launch {
    let operands = operands
    let (query, key) = (operands.buffer(.query, layer), operands.buffer(.key, layer))
    let value = operands.buffer(.value, layer)
    let width = Int32(attention.headDimension)
    var argument = scu_heads()
    argument.rows_of_step = operands.inputs.rows
    (argument.query, argument.key, argument.value) = (query.address, key.address, value.address)
    argument.query_width = Int32(query.width)
    argument.key_width = Int32(key.width)
    argument.value_width = Int32(value.width)
    argument.heads = Int32(attention.heads)
    argument.key_heads = Int32(attention.keyValueHeads)
    argument.head_dimension = width
    if let norm = attention.headNorm, attention.headNormSpan != .allHeads {
      let stride = attention.headNormSpan == .ownHead ? width : 0
      (argument.norms_query, argument.norms_key) = (norm.kind.number, norm.kind.number)
      (argument.query_stride, argument.key_stride) = (stride, stride)
      argument.query_norm = operands.vector(.queryNorm, layer)
      argument.key_norm = operands.vector(.keyNorm, layer)
      (argument.epsilon, argument.offset) = (norm.epsilon, norm.weightOffset)
    }
    if let norm = attention.valueNorm {
      (argument.norms_value, argument.value_epsilon) = (norm.kind.number, norm.epsilon)
    }
    argument.turns = operands.inputs.turns(attention.rotary)
    argument.turn_stride = Int32(operands.inputs.turnStride)
    argument.rotary = Int32(attention.rotary?.dimension ?? 0)
    argument.interleaved = attention.rotary?.interleaved == true ? 1 : 0
    argument.plane = plane(layer)
    let count = attention.heads + 2 * attention.keyValueHeads
    let threads = min(256, (attention.headDimension + 31) / 32 * 32)
    return { [argument] shape throws(SparrowError) in
      var own = argument
      own.cache_type = shape.cacheType
      try operands.kernels.heads.launch(
        .init(grid: count, shape.rows, block: threads, startsEarly: true), own)
    }
  }

  /// Elements of a page before a layer's keys.
  private func plane(_ layer: Int) -> UInt64 {
    UInt64(Int(SCU_PAGE) * operands.model.cacheElements(before: layer))
  }

  private func attend(
    _ attention: AttentionDescription, _ layer: Int
  ) -> LoweredOperation.Launch {
    let operands = operands
    let (query, output) = (operands.buffer(.query, layer), operands.buffer(.attended, layer))
    var argument = scu_attend()
    argument.rows_of_step = operands.inputs.rows
    (argument.query, argument.output) = (query.address, output.address)
    argument.parts = operands.buffers.parts.address
    (argument.query_width, argument.output_width) = (Int32(query.width), Int32(output.width))
    argument.heads = Int32(attention.heads)
    argument.key_heads = Int32(attention.keyValueHeads)
    argument.head_dimension = Int32(attention.headDimension)
    argument.window = Int32(attention.window)
    (argument.scale, argument.softcap) = (attention.scale, attention.softcap)
    argument.plane = plane(layer)
    let rowBytes = 4 * attention.heads * (attention.headDimension + 2)
    let room = operands.buffers.parts.byteCount / rowBytes
    return { [argument] shape throws(SparrowError) in
      var own = argument
      own.cache_type = shape.cacheType
      own.splits = Int32(shape.splits)
      let most = shape.splits == 1 ? shape.rows : max(room / shape.splits, 1)
      for first in stride(from: 0, to: shape.rows, by: most) {
        let rows = min(most, shape.rows - first)
        own.first_row = Int32(first)
        try operands.kernels.attend.launch(
          .init(
            grid: attention.heads, shape.splits, rows, block: Int(SCU_SPLIT), startsEarly: true),
          own)
        guard shape.splits > 1 else { continue }
        try operands.kernels.join.launch(
          .init(grid: rows, block: operands.threads(output.width), startsEarly: true), own)
      }
    }
  }

  private func gateHeads(_ layer: Int) -> LoweredOperation.Launch {
    // 5: the logistic function.
    activate(operands.buffer(.headGates, layer), operands.buffer(.attended, layer), 5)
  }
}

extension Activation {
  /// As kernels name it.
  fileprivate var number: Int32 {
    switch self {
    case .relu: 0
    case .reluSquared: 1
    case .silu: 2
    case .gelu: 3
    case .geluTanh: 4
    }
  }
}

extension NormDescription.Kind {
  /// As kernels name it.
  fileprivate var number: Int32 { self == .rms ? 1 : 2 }
}
