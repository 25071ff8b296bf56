import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// The sparse feed-forward networks of a program: their weights by columns, predictors and lists.
final class SparseNetworks: SparsePart, @unchecked Sendable {
  /// What one layer has on the device, whatever the plan in use.
  private struct Layer {
    /// `[rows][paddedNeurons]`
    let scores: DeviceRows
    let chosen: DeviceLists
    let reads: ReadCounts
    /// Down by columns; nil where all of it is read.
    let columns: DeviceColumns?
    /// What stands for down where neurons are not selected.
    let downSketch: DeviceMatrix?
    /// Once it was lowered.
    var predictor: NeuronScores?
    /// Of a layer whose linear maps look ahead.
    let ahead: Ahead?
  }

  /// The layers that run sparsely now.
  private var plans: [Int: FeedForwardPlan]
  /// Scores that layers select by in place of their predictors', from the next lowering on: random
  /// weights have no activity of their own.
  var planted: [Int: DeviceRows] = [:]
  private var layers: [Int: Layer] = [:]
  private let operands: Operands
  private let memory: DeviceMemory
  /// What the program in use was lowered into, and goes with it.
  private var lowered: DeviceMemory
  /// Activations of chosen neurons, by number; networks run one after the other and share it.
  private let values: DeviceRows
  /// Kept neurons of two stages.
  private let kept: [Int: DeviceLists]

  private var context: CUDAContext { memory.context }
  private var library: KernelLibrary { operands.kernels.library }

  /// nil for a plan without sparse networks.
  init?(_ plan: SparsePlan, _ operands: Operands) throws(SparrowError) {
    guard !plan.networks.isEmpty else { return nil }
    plans = plan.networks
    self.operands = operands
    let context = operands.kernels.library.context
    let memory = DeviceMemory(in: context)
    self.memory = memory
    lowered = DeviceMemory(in: context)
    let widths = Set(plans.keys.map { operands.model.layers[$0].feedForward.width })
    values = try memory.rows(StepShape.sparseRows, width: widths.max() ?? 1)
    var kept: [Int: DeviceLists] = [:]
    for width in widths { kept[width] = try DeviceLists(width: width, memory) }
    self.kept = kept
    for (layer, plan) in plans {
      let width = operands.model.layers[layer].feedForward.width
      var downSketch: DeviceMatrix?
      if case .sketch(let down) = plan.rest, let type = down.coding.type {
        downSketch = try memory.matrix(
          PredictorMatrix(
            rows: operands.model.hidden, columns: down.directions, type: type, bytes: down.bytes))
      }
      layers[layer] = Layer(
        scores: try memory.rows(
          StepShape.sparseRows, width: FeedForwardPlan.paddedNeurons(width)),
        chosen: try DeviceLists(width: width, memory), reads: try ReadCounts(memory),
        columns: plan.readsDownWhole
          ? nil
          : try DeviceColumns(operands.matrix(.down, layer), operands.kernels.library),
        downSketch: downSketch,
        ahead: plan.lookahead && plan.maps != nil && layer > 0 ? try Ahead(in: context) : nil)
    }
  }

  func use(_ plan: SparsePlan) throws(SparrowError) {
    plans = plan.networks
    precondition(
      plans.allSatisfy { layer, plan in
        layers[layer].map {
          ($0.columns == nil) == plan.readsDownWhole
            && ($0.downSketch == nil) == (plan.rest == .nothing || plan.readsDownWhole)
        } ?? false
      }, "a layer that was not made sparse, or otherwise")
    lowered = DeviceMemory(in: context)
    for layer in layers.values { try layer.reads.reset(in: context) }
  }

  func note(in touched: inout Touched) throws(SparrowError) {
    for layer in plans.keys {
      let width = Double(layers[layer]!.chosen.width)
      let mean = try layers[layer]!.reads.mean(in: context)
      let (selected, columns) = mean ?? (width, width)
      touched.networks[layer] = .init(selected: selected / width, columns: columns / width)
    }
  }

  /// The scores that the predictor of a sparse layer gave a row, where it scores single neurons.
  func scores(layer: Int, row: Int) throws(SparrowError) -> [Float] {
    guard let plan = plans[layer], let own = layers[layer] else { return [] }
    return try context.values(
      plan.scoreCount(neurons: own.chosen.width), at: own.scores.from(row).address, zero: 0)
  }

  // MARK: - Lowering

  func lower(_ operation: Operation) throws(SparrowError) -> LoweredOperation? {
    guard let layer = operation.layer, let plan = plans[layer], let own = layers[layer] else {
      return nil
    }
    switch operation.kind {
    case .predict(let network, let input):
      let predictor: NeuronScores
      if let known = own.predictor {
        predictor = known
      } else {
        predictor = try NeuronScores(
          plan, layer, network, of: operands.buffer(input, layer), into: own.scores,
          activations: activations(network, layer), operands, memory)
      }
      layers[layer]!.predictor = predictor
      guard let ahead = ahead(layer) else {
        return LoweredOperation(operation) { shape throws(SparrowError) in
          try predictor.launch(shape)
        }
      }
      let selecting = try selecting(plan, layer)
      return LoweredOperation(operation) { shape throws(SparrowError) in
        try ahead.launch { hasRead throws(SparrowError) in
          try predictor.launch(shape, hasRead: hasRead)
        } _: { () throws(SparrowError) in
          try selecting.launch(shape)
        }
      }
    case .select:
      if let ahead = ahead(layer) {
        return LoweredOperation(operation) { _ throws(SparrowError) in try ahead.join() }
      }
      let selecting = try selecting(plan, layer)
      return LoweredOperation(operation) { shape throws(SparrowError) in
        try selecting.launch(shape)
      }
    case .sparseFeedForward(let network, let input, let output, let landing):
      return LoweredOperation(
        operation,
        look: NetworkLook(layer, network, own.chosen, operands.buffer(input, layer), operands).look,
        launch: try feedForward(plan, layer, network, input, output, landing))
    default: return nil
    }
  }

  /// Of a layer that predicts beside the one before, which must be sparse too: it holds back what
  /// would write to the predictor's input.
  private func ahead(_ layer: Int) -> Ahead? {
    plans[layer - 1] == nil || plans[layer]?.lookahead != true ? nil : layers[layer]?.ahead
  }

  private func selecting(
    _ plan: FeedForwardPlan, _ layer: Int
  ) throws(SparrowError) -> Selecting {
    let own = layers[layer]!
    var choice = Selecting.Choice(plan.scoreSelector)
    choice.group = plan.groupSize
    // Linear maps score groups; all else scores neurons.
    choice.sums = plan.maps == nil && (plan.groupSize > 1 || !plan.order.isEmpty)
    (choice.order, choice.common) = (plan.order, plan.common)
    return try Selecting(
      choice, of: planted[layer] ?? own.scores, into: own.chosen, reads: own.reads,
      memory: lowered, library)
  }

  /// Where a network's activations lie.
  private func activations(_ network: FeedForwardDescription, _ layer: Int) -> DeviceRows {
    operands.buffer(network.gated ? .gates : .neurons, layer)
  }

  private func feedForward(
    _ plan: FeedForwardPlan, _ layer: Int, _ network: FeedForwardDescription,
    _ input: Operation.Buffer, _ output: Operation.Buffer, _ landing: Operation.Landing
  ) throws(SparrowError) -> LoweredOperation.Launch {
    let own = layers[layer]!
    let activations = activations(network, layer)
    var values = values.narrowed(to: network.width)
    if plan.predictor == .exact || plan.readsDownWhole { values = activations }
    var exact: ExactNeurons?
    if plan.predictor != .exact {
      exact = ExactNeurons(
        layer, network, of: operands.buffer(input, layer), chosen: own.chosen,
        gates: plan.predictor == .gate ? activations : nil, into: values,
        clearing: own.downSketch == nil ? nil : activations, operands)
    }
    var others: Products?
    if plan.isRestEstimated {
      let matrix = own.downSketch ?? operands.matrix(.down, layer)
      others = Products(
        [
          .init(
            matrix: matrix, bias: operands.bias(.down, layer),
            output: operands.buffer(output, layer))
        ], of: activations, adds: landing == .add, operands)
    }
    var keeping: Selecting?
    var chosen = own.chosen
    var least: Float = 0
    switch plan.kept {
    case nil: break
    // A threshold needs no other activations to decide, and so no second stage.
    case .threshold(let kept): least = kept
    case let selector?:
      var choice = Selecting.Choice(selector)
      (choice.group, choice.sums, choice.among) = (plan.groupSize, true, own.chosen)
      (choice.order, choice.common) = (plan.order, plan.common)
      chosen = kept[network.width]!
      keeping = try Selecting(
        choice, of: values, into: chosen, reads: nil, memory: lowered, library)
    }
    var sums: ColumnSums?
    if let columns = own.columns {
      sums = try ColumnSums(
        [
          .init(
            matrix: columns, bias: others == nil ? operands.bias(.down, layer) : 0,
            output: operands.buffer(output, layer))
        ], chosen: chosen, values: values, least: least,
        adds: landing == .add || others != nil, reads: own.reads, operands)
    }
    let next = ahead(layer + 1)
    return { [exact, keeping, others, sums] shape throws(SparrowError) in
      try exact?.launch(shape)
      try keeping?.launch(shape)
      try others?.launch(shape)
      try sums?.launch(shape)
      try next?.release()
    }
  }
}
