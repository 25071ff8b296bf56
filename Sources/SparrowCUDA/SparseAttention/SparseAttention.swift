import CSparrowCUDA
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// The sparse attention of a program: output matrices by columns, predictors and lists.
final class SparseAttention: SparsePart, @unchecked Sendable {
  /// What one layer has on the device, whatever the plan in use.
  private struct Layer {
    /// `[rows][groups]`
    let scores: DeviceRows
    let chosen: DeviceLists
    let reads: ReadCounts
    let output: DeviceColumns
    /// Where a multi-head layer finds what its skipped heads keep; its width is 0 for others.
    let kept: scu_kept
    /// Once they were lowered.
    var maps: LinearScores?
    /// What the layer's projections read.
    var projected = Operation.Buffer.input
    /// Of a layer that looks ahead.
    let ahead: Ahead?
  }

  /// What a sequence keeps for skipped heads; nil where none can skip keys.
  private let layout: KeptInputs.Layout?
  /// The layers that run sparsely now.
  private var plans: [Int: AttentionPlan]
  /// As those of networks.
  var planted: [Int: DeviceRows] = [:]
  private var layers: [Int: Layer] = [:]
  private let operands: Operands
  private let memory: DeviceMemory
  /// What the program in use was lowered into, and goes with it.
  private var lowered: DeviceMemory
  private let kernels: HeadKernels
  /// Keys and values that layers make late, `[rows][SCU_KEPT][width]`; layers run one after the
  /// other and share them.
  private let lateKeys: scu_address
  private let lateValues: scu_address

  private var context: CUDAContext { memory.context }
  private var library: KernelLibrary { operands.kernels.library }

  /// nil for a plan without sparse attention.
  init?(_ plan: SparsePlan, _ operands: Operands) throws(SparrowError) {
    guard !plan.attention.isEmpty else { return nil }
    plans = plan.attention
    self.operands = operands
    let library = operands.kernels.library
    let memory = DeviceMemory(in: library.context)
    self.memory = memory
    lowered = DeviceMemory(in: library.context)
    let model = operands.model
    let attention = plans.keys.map { model.layers[$0].attention }
    let strides = plans.keys.map { Int(operands.matrix(.query, $0).argument.stride) }
    kernels = try HeadKernels(
      columns: strides.max() ?? 0, dimension: attention.map(\.headDimension).max() ?? 0, library)
    layout = KeptInputs.Layout(plan, model)
    let late =
      4 * StepShape.sparseRows * Int(SCU_KEPT)
      * (layout == nil ? 0 : attention.map { $0.heads * $0.headDimension }.max() ?? 0)
    lateKeys = try memory.bytes(late)
    lateValues = try memory.bytes(late)
    var index = 0
    for layer in plans.keys.sorted() {
      let groups = model.layers[layer].attention.keyValueHeads
      var kept = scu_kept()
      if let layout, plan.skipsKeys(layer, model) {
        kept = scu_kept(
          before: UInt64(index * layout.layerBytes), heads: Int32(layout.heads),
          width: Int32(layout.width))
        index += 1
      }
      layers[layer] = Layer(
        scores: try memory.rows(StepShape.sparseRows, width: groups),
        chosen: try DeviceLists(
          width: groups, group: operands.matrix(.output, layer).columns / groups, memory),
        reads: try ReadCounts(memory),
        output: try DeviceColumns(operands.matrix(.output, layer), library), kept: kept,
        ahead: plans[layer]!.lookahead && layer > 0 ? try Ahead(in: library.context) : nil)
    }
  }

  func use(_ plan: SparsePlan) throws(SparrowError) {
    plans = plan.attention
    precondition(plans.keys.allSatisfy { layers[$0] != nil }, "a layer without weights by columns")
    lowered = DeviceMemory(in: context)
    for layer in layers.values { try layer.reads.reset(in: context) }
  }

  func note(in touched: inout Touched) throws(SparrowError) {
    for layer in plans.keys {
      let own = layers[layer]!
      let groups = Double(own.chosen.width)
      let (selected, made) = try own.reads.mean(in: context) ?? (groups, groups)
      touched.attention[layer] = .init(
        selected: selected / groups, made: own.kept.width == 0 ? 1 : made / groups)
    }
  }

  /// What a sequence of `count` positions keeps from now on; nil where no head can skip its keys.
  func keptInputs(count: Int) throws(SparrowError) -> KeptInputs? {
    guard let layout else { return nil }
    return try KeptInputs(layout, count: count, kernels.setMade, in: context)
  }

  // MARK: - Lowering

  func lower(_ operation: Operation) throws(SparrowError) -> LoweredOperation? {
    guard let layer = operation.layer, let plan = plans[layer], let own = layers[layer] else {
      return nil
    }
    switch operation.kind {
    case .predictHeads(let attention, let input):
      return LoweredOperation(operation, launch: try predict(plan, layer, attention, input))
    case .selectHeads:
      if let ahead = ahead(layer) {
        return LoweredOperation(operation) { _ throws(SparrowError) in try ahead.join() }
      }
      let selecting = try selecting(plan, layer)
      return LoweredOperation(operation) { shape throws(SparrowError) in
        try selecting.launch(shape)
      }
    case .keepInput(let attention, let input):
      return LoweredOperation(
        operation, launch: launch(kernels.keep, own, attention, layer, input, grid: nil, 256))
    case .projectHeads(let attention, let input):
      layers[layer]!.projected = input
      return LoweredOperation(operation, launch: project(own, attention, layer, input))
    case .appendHeads(let attention):
      return LoweredOperation(
        operation,
        launch: launch(
          kernels.append, own, attention, layer, .input, grid: attention.keyValueHeads, 128))
    case .attendHeads(let attention):
      return LoweredOperation(
        operation,
        launch: operands.attend(attention, layer, marks: own.chosen.argument.marks))
    case .sparseOutput(let output, let landing):
      let attended = operands.buffer(.attended, layer)
      let sums = try ColumnSums(
        [
          .init(
            matrix: own.output, bias: operands.bias(.output, layer),
            output: operands.buffer(output, layer))
        ], chosen: own.chosen, values: attended, adds: landing == .add, reads: nil, operands)
      let exact = HeadsLook.Exact(
        layer: layer, attention: operands.model.layers[layer].attention,
        input: operands.buffer(own.projected, layer), kernels: kernels)
      let look = HeadsLook(
        layer: layer, chosen: own.chosen, operands: operands,
        exact: plan.maps == nil ? nil : exact)
      let next = ahead(layer + 1)
      return LoweredOperation(operation, look: look.look) { shape throws(SparrowError) in
        try sums.launch(shape)
        try next?.release()
      }
    default: return nil
    }
  }

  /// Of a layer that predicts beside the one before, which must be sparse too: it holds back what
  /// would write to the predictor's input.
  private func ahead(_ layer: Int) -> Ahead? {
    plans[layer - 1] == nil || plans[layer]?.lookahead != true ? nil : layers[layer]?.ahead
  }

  private func selecting(_ plan: AttentionPlan, _ layer: Int) throws(SparrowError) -> Selecting {
    let own = layers[layer]!
    return try Selecting(
      .init(plan.scoreSelector), of: planted[layer] ?? own.scores, into: own.chosen,
      reads: own.reads, memory: lowered, library)
  }

  private func predict(
    _ plan: AttentionPlan, _ layer: Int, _ attention: AttentionDescription,
    _ input: Operation.Buffer
  ) throws(SparrowError) -> LoweredOperation.Launch {
    let own = layers[layer]!
    let source = operands.buffer(input, layer)
    if let maps = plan.maps {
      var known = own.maps
      if known == nil {
        known = try LinearScores(maps, of: source, into: own.scores, operands, memory)
      }
      layers[layer]!.maps = known
      guard let ahead = ahead(layer) else {
        return { [known] shape throws(SparrowError) in try known!.launch(shape) }
      }
      let selecting = try selecting(plan, layer)
      return { [known] shape throws(SparrowError) in
        try ahead.launch { hasRead throws(SparrowError) in
          try known!.launch(shape, hasRead: hasRead)
        } _: { () throws(SparrowError) in
          try selecting.launch(shape)
        }
      }
    }
    let groups = attention.keyValueHeads
    let argument = scu_lengths(
      input: source.address, scores: own.scores.address, input_width: Int32(source.width),
      groups: Int32(groups), group_width: Int32(attention.groupWidth), pad: 0)
    let kernel = kernels.lengths
    return { shape throws(SparrowError) in
      try kernel.launch(
        .init(grid: (groups + 3) / 4, shape.rows, block: 128, startsEarly: true), argument)
    }
  }

  /// Queries of the selected groups, and late keys and values; where none are late those of all
  /// heads.
  private func project(
    _ own: Layer, _ attention: AttentionDescription, _ layer: Int, _ input: Operation.Buffer
  ) -> LoweredOperation.Launch {
    var rows = attention.heads * attention.headDimension
    let isLate = own.kept.width > 0
    if isLate { rows += 2 * attention.keyValueHeads * attention.headDimension }
    let queries = launch(
      kernels.project, own, attention, layer, input, grid: (rows + 31) / 32, 256)
    guard !isLate else { return queries }
    let others = Products(
      [
        operands.part(.key, layer, into: operands.buffer(.key, layer)),
        operands.part(.value, layer, into: operands.buffer(.value, layer)),
      ], of: operands.buffer(input, layer), operands)
    return { shape throws(SparrowError) in
      try others.launch(shape)
      try queries(shape)
    }
  }

  /// A kernel of this layer's heads over `grid` blocks a row, or one.
  private func launch(
    _ kernel: CUDAKernel, _ own: Layer, _ attention: AttentionDescription, _ layer: Int,
    _ input: Operation.Buffer, grid: Int?, _ threads: Int, catchesUp: Bool = false
  ) -> LoweredOperation.Launch {
    let source = operands.buffer(input, layer)
    var argument = scu_sparse_heads()
    argument.heads = operands.heads(attention, layer)
    (argument.kept, argument.chosen) = (own.kept, own.chosen.argument)
    argument.query_matrix = operands.matrix(.query, layer).argument
    argument.key_matrix = operands.matrix(.key, layer).argument
    argument.value_matrix = operands.matrix(.value, layer).argument
    argument.query_bias = operands.bias(.query, layer)
    argument.key_bias = operands.bias(.key, layer)
    argument.value_bias = operands.bias(.value, layer)
    (argument.input, argument.input_width) = (source.address, Int32(source.width))
    (argument.late_keys, argument.late_values) = (lateKeys, lateValues)
    argument.reads = own.reads.address
    argument.catches_up = catchesUp ? 1 : 0
    return { [argument] shape throws(SparrowError) in
      var own = argument
      own.heads.cache_type = shape.cacheType
      let shape =
        grid.map { CUDAKernel.Shape(grid: $0, shape.rows, block: threads, startsEarly: true) }
        ?? .init(grid: shape.rows, block: threads, startsEarly: true)
      try kernel.launch(shape, own)
    }
  }

  /// What makes the keys and values that heads lack before a step's rows, a row a sequence, so
  /// that a dense step finds them all.
  var catchUps: [LoweredOperation.Launch] {
    layers.keys.sorted().flatMap { layer -> [LoweredOperation.Launch] in
      let own = layers[layer]!
      guard own.kept.width > 0 else { return [] }
      let attention = operands.model.layers[layer].attention
      let rows = 2 * attention.keyValueHeads * attention.headDimension
      return [
        launch(
          kernels.project, own, attention, layer, .input, grid: (rows + 31) / 32, 256,
          catchesUp: true),
        launch(
          kernels.append, own, attention, layer, .input, grid: attention.keyValueHeads, 128,
          catchesUp: true),
      ]
    }
  }
}

extension SparsePlan {
  /// Whether heads of a layer that are skipped make their keys and values late.
  fileprivate func skipsKeys(_ layer: Int, _ model: ModelConfiguration) -> Bool {
    attention[layer]?.maps != nil && model.layers[layer].attention.isMultiHead
  }
}

extension KeptInputs.Layout {
  /// nil where no head can skip its keys.
  fileprivate init?(_ plan: SparsePlan, _ model: ModelConfiguration) {
    let layers = plan.attention.keys.filter { plan.skipsKeys($0, model) }
    guard !layers.isEmpty else { return nil }
    let attention = layers.map { model.layers[$0].attention }
    let line = Int(SCU_LINE)
    let turns = attention.map { $0.rotary?.dimension ?? 0 }.max() ?? 0
    self.init(
      layers: layers.count, heads: ((attention.map(\.heads).max() ?? 0) + 31) / 32 * 32,
      width: (model.hidden + line - 1) / line * line + (turns + 31) / 32 * 32)
  }
}
