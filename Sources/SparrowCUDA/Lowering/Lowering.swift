import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowTransformer

/// A step program as launches of kernels.
struct Lowering: Sendable {
  /// Up to the head's input.
  var operations: [LoweredOperation] = []
  /// The buffer that the head reads.
  private(set) var headInput: Operation.Buffer = .hidden
  let operands: Operands
  /// What the last projections read.
  var projected = Operation.Buffer.hidden
  /// A norm that the next operation's launches make themselves of a lean step's row.
  private var pending: (norm: scu_norm, output: Operation.Buffer)?
  /// They lower what is sparse.
  private let parts: [any SparsePart]

  /// Throws what `parts` throw where they need memory.
  init(
    _ program: StepProgram, _ operands: Operands, parts: [any SparsePart] = []
  ) throws(SparrowError) {
    self.operands = operands
    self.parts = parts
    for (index, operation) in program.operations.enumerated() {
      try add(operation, before: program.operations[(index + 1)...])
    }
  }

  private mutating func add(
    _ operation: Operation, before others: ArraySlice<Operation>
  ) throws(SparrowError) {
    let layer = operation.layer
    let operands = operands
    switch operation.kind {
    case .embed(let output, let positions): embed(operation, output, positions)
    case .addPositions(let output):
      append(operation, positions(output))
    case .addTokenType: preconditionFailure("encoders run on the processor")
    case .norm(let norm, let weight, let input, let output):
      let argument = self.norm(norm, weight, layer, input, output)
      let isPending =
        input != output && others.first.map { reads(output, $0) } ?? false
        && !others.dropFirst().isRead(output)
      pending = isPending ? (argument, output) : nil
      append(operation, launch(argument, isPending: isPending))
    case .multiply(let kind, let input, let output, let landing):
      let products = operands.products(
        kind, layer, of: operands.buffer(input, layer), output, landing)
      append(operation) { shape throws(SparrowError) in try products.launch(shape) }
    case .activate(let network): append(operation, activate(network, layer))
    case .project(let attention, let input): project(operation, attention, input)
    // One kernel with the append that follows.
    case .normHeads, .rotate: break
    case .append(let attention): append(operation, heads(attention, layer!))
    case .attend(let attention): attend(operation, attention)
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
    // Lowered apart.
    case .head(let input), .sketch(let input): headInput = input
    case .candidates, .exact: break
    case .multiplyLarge, .predictHeads, .selectHeads, .keepInput, .projectHeads, .appendHeads,
      .attendHeads, .sparseOutput, .predict, .select, .sparseFeedForward:
      try addSparse(operation)
    }
  }

  private mutating func addSparse(_ operation: Operation) throws(SparrowError) {
    for part in parts {
      guard let lowered = try part.lower(operation) else { continue }
      operations.append(lowered)
      return
    }
    preconditionFailure("no part lowers \(operation)")
  }

  mutating func append(_ operation: Operation, _ launch: @escaping LoweredOperation.Launch) {
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
        .init(
          grid: shape.rows, block: operands.threads(Int(argument.width)),
          startsEarly: argument.by_position != 0),
        argument)
    }
  }

  private func norm(
    _ norm: NormDescription, _ kind: WeightRole.Kind, _ layer: Int?, _ input: Operation.Buffer,
    _ output: Operation.Buffer
  ) -> scu_norm {
    let source = operands.buffer(input, layer)
    let target = operands.buffer(output, layer)
    return scu_norm(
      prepared: scu_prepared(), input: source.address, output: target.address,
      weight: operands.vector(kind, layer), bias: operands.bias(kind, layer),
      input_width: Int32(source.width), output_width: Int32(target.width),
      width: Int32(source.width), is_rms: norm.kind == .rms ? 1 : 0, epsilon: norm.epsilon,
      offset: norm.weightOffset)
  }

  private func launch(_ norm: scu_norm, isPending: Bool) -> LoweredOperation.Launch {
    let operands = operands
    return { shape throws(SparrowError) in
      if isPending, shape.isLean { return }
      try operands.kernels.norm.launch(
        .init(grid: shape.rows, block: 256, startsEarly: true), norm)
    }
  }

  /// Whether an operation's products can make a norm's result, `input`, themselves.
  private func reads(_ input: Operation.Buffer, _ operation: Operation) -> Bool {
    switch operation.kind {
    case .project(let attention, input):
      projections(attention, operation.layer!, of: input).canStage
    case .feedForward(let network, input, _, _):
      into(network, operation.layer!, of: input).canStage
    default: false
    }
  }

  /// What the products of an operation behind a norm make their row of.
  mutating func takeSource(_ input: Operation.Buffer) -> Products.Source {
    defer { pending = nil }
    guard let pending, pending.output == input else { return .rows }
    return .norm(pending.norm)
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

  func activate(
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

  /// Gates, where there are some, and neurons before their activation.
  private func into(
    _ network: FeedForwardDescription, _ layer: Int, of input: Operation.Buffer
  ) -> Products {
    var parts = [operands.part(.up, layer, into: operands.buffer(.neurons, layer))]
    if network.gated {
      parts.insert(operands.part(.gate, layer, into: operands.buffer(.gates, layer)), at: 0)
    }
    return Products(parts, of: operands.buffer(input, layer), operands)
  }

  private mutating func feedForward(
    _ operation: Operation, _ network: FeedForwardDescription, _ input: Operation.Buffer,
    _ output: Operation.Buffer, _ landing: Operation.Landing
  ) {
    let layer = operation.layer!
    let neurons = operands.buffer(.neurons, layer)
    let source = takeSource(input)
    let into = into(network, layer, of: input)
    let activate = activate(network, layer)
    let activations = Products.Source.activations(
      gates: network.gated ? operands.buffer(.gates, layer).address : 0,
      activation: network.activation.number)
    let down = operands.products(.down, layer, of: neurons, output, landing)
    operations.append(
      LoweredOperation(
        operation,
        observed: .init(
          .feedForward, input: operands.buffer(input, layer), result: neurons)
      ) { shape throws(SparrowError) in
        try into.launch(shape, of: source)
        if !shape.isLean || !down.canStage { try activate(shape) }
        try down.launch(shape, of: activations)
      })
  }
}

extension ArraySlice<Operation> {
  /// Whether one of them reads a norm's result, before another norm writes there.
  fileprivate func isRead(_ buffer: Operation.Buffer) -> Bool {
    for operation in self {
      switch operation.kind {
      case .norm(_, _, let input, let output):
        if input == buffer { return true }
        if output == buffer { return false }
      case .multiply(_, let input, _, _), .multiplyLarge(_, let input, _, _),
        .project(_, let input), .predictHeads(_, let input), .keepInput(_, let input),
        .projectHeads(_, let input), .feedForward(_, let input, _, _), .predict(_, let input),
        .sparseFeedForward(_, let input, _, _), .add(let input, _), .head(let input),
        .sketch(let input), .exact(let input):
        if input == buffer { return true }
      default: break
      }
    }
    return false
  }
}

extension Activation {
  /// As kernels name it.
  var number: Int32 {
    switch self {
    case .relu: 0
    case .reluSquared: 1
    case .silu: 2
    case .gelu: 3
    case .geluTanh: 4
    }
  }
}
