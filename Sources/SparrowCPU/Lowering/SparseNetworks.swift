internal import CSparrowKernels
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// The sparse feed-forward networks of a program: their weights by columns, predictors and buffers.
final class SparseNetworks: SparsePart {
  /// The layers that run sparsely now.
  private(set) var plans: [Int: FeedForwardPlan]
  private let model: ModelConfiguration
  private let weights: PackedWeights
  private let buffers: StepBuffers
  private let workers: Int
  private let owned = OwnedMemory()
  /// What the program in use was lowered into, and goes with it: replanning must not pile up
  /// memory.
  private(set) var lowered = OwnedMemory()
  /// By layer.
  private(set) var scores: [Int: NeuronScores] = [:]
  private var columns: [Int: UnsafePointer<sk_columns>] = [:]
  /// What stands for down where neurons are not selected.
  private var downSketches: [Int: UnsafePointer<sk_matrix>] = [:]
  /// Predictors, once they were lowered.
  private var predictors: [Int: PredictKernel.Predictor] = [:]
  private let selectors: [SelectorScratch]
  private let sums: PartialSums
  private let window: NeuronWindow

  init?(_ plan: SparsePlan, _ memory: ModelMemory, pool: WorkerPool) {
    guard !plan.networks.isEmpty else { return nil }
    plans = plan.networks
    let model = memory.model
    self.model = model
    weights = memory.weights
    buffers = memory.buffers
    workers = pool.count
    let memory = owned
    let widest = plans.keys.map { model.layers[$0].feedForward.width }.max() ?? 1
    selectors = (0..<pool.count).map { _ in SelectorScratch(groups: widest) }
    sums = PartialSums(width: model.hidden, workers: pool.count, memory: memory)
    window = NeuronWindow(workers: pool.count, memory: memory)
    for layer in plans.keys.sorted() {
      scores[layer] = NeuronScores(
        width: model.layers[layer].feedForward.width, workers: pool.count, memory: memory)
      if case .sketch(let down) = plans[layer]!.rest, let type = down.coding.type {
        downSketches[layer] = UnsafePointer(
          memory.matrix(
            type, rows: model.hidden, columns: down.directions, bytes: down.bytes))
      }
      guard !plans[layer]!.readsDownWhole else { continue }
      columns[layer] = memory.columns(
        of: weights.matrix(WeightRole(.down, layer: layer)),
        group: plans[layer]!.neighbours(model.layers[layer].feedForward), pool: pool)
    }
  }

  func use(_ plan: SparsePlan) {
    plans = plan.networks
    precondition(
      plans.allSatisfy { layer, plan in
        scores[layer] != nil && (columns[layer] == nil) == plan.readsDownWhole
          && (downSketches[layer] == nil) == (plan.rest == .nothing || plan.readsDownWhole)
      }, "a layer that was not made sparse, or otherwise")
    lowered = OwnedMemory()
    scores.values.forEach { $0.reads.reset() }
  }

  func note(in touched: inout Touched) {
    for layer in plans.keys {
      let scores = scores[layer]!
      let width = Double(scores.width)
      let (selected, columns) = scores.reads.mean ?? (width, width)
      touched.networks[layer] = .init(selected: selected / width, columns: columns / width)
    }
  }

  // MARK: - Lowering

  func lower(_ operation: Operation, _ operands: Operands) -> LoweredOperation? {
    guard let layer = operation.layer, let scores = scores[layer] else { return nil }
    switch operation.kind {
    case .predict(let network, let input):
      let predictor = predictors[layer] ?? predictor(layer, network, operands)
      predictors[layer] = predictor
      return .predict(
        PredictKernel(
          predictor: predictor, activation: network.activation.kernel, isGated: network.gated,
          input: operands.input(input, layer), result: scores,
          isRead: plans[layer]!.singleRowLists(workers: workers) != .parts))
    case .select:
      return .select(
        SelectKernel(
          plans[layer]!, result: scores, workers: workers, scratch: selectors, memory: lowered))
    case .sparseFeedForward(let network, let input, let output, let landing):
      return .sparseFeedForward(
        feedForward(layer, network, operands.input(input, layer), output, landing, operands))
    default: return nil
    }
  }

  private func predictor(
    _ layer: Int, _ network: FeedForwardDescription, _ operands: Operands
  ) -> PredictKernel.Predictor {
    switch plans[layer]!.predictor {
    case .sketch(let sketch):
      .sketch(
        SketchScores(
          sketch, inputs: StepState.maximumSparseRows, workers: workers, memory: owned),
        estimates: plans[layer]!.isRestEstimated ? activations(of: network) : nil)
    case .lowRank(let maps), .router(let maps):
      .linear(LinearKernel(maps, workers: workers, memory: owned))
    case .gate:
      .own(
        gate: operands.product(.gate, layer, into: buffers.gates), up: nil,
        activations: buffers.gates)
    case .exact:
      .own(
        gate: network.gated ? operands.product(.gate, layer, into: buffers.gates) : nil,
        up: operands.product(.up, layer, into: buffers.neurons),
        activations: activations(of: network))
    }
  }

  /// Where a network's activations lie.
  private func activations(of network: FeedForwardDescription) -> StepBuffer {
    network.gated ? buffers.gates : buffers.neurons
  }

  private func feedForward(
    _ layer: Int, _ network: FeedForwardDescription, _ input: StepInput,
    _ output: Operation.Buffer, _ landing: Operation.Landing, _ operands: Operands
  ) -> SparseFeedForwardKernel {
    let plan = plans[layer]!
    let gate = network.gated ? operands.product(.gate, layer, into: buffers.gates) : nil
    let up = operands.product(.up, layer, into: buffers.neurons)
    let computed: SelectedNeurons.Computed =
      switch plan.predictor {
      case .gate: .gates(buffers.gates)
      case .exact: .activations(activations(of: network))
      default: .nothing
      }
    let neurons = SelectedNeurons(
      layer: layer, activation: network.activation.kernel, gate: gate, up: up, input: input,
      scores: scores[layer]!, singleRow: plan.singleRowLists(workers: workers),
      unit: max(4, plan.neighbours(network)), computed: computed, window: window)
    let others =
      plan.isRestEstimated
      ? operands.multiply(
        .down, layer, StepInput(buffer: activations(of: network), isPrivate: false), output,
        landing, by: downSketches[layer]) : nil
    guard let columns = columns[layer] else {
      return .estimated(EstimatedNetworkKernel(neurons: neurons, down: others!))
    }
    // A threshold needs no other activations to decide, and so no second stage.
    var least: Float = 0
    if case .threshold(let kept) = plan.kept { least = max(0, kept.nextDown) }
    let sum = DownColumns(
      matrix: columns,
      bias: others == nil ? operands.bias(.down, layer) : nil,
      least: least, output: buffers[output], isAdded: landing == .add || others != nil,
      window: window, sums: sums, reads: scores[layer]!.reads)
    switch plan.kept {
    case nil, .threshold: break
    case let selector?:
      let kept = KeptNeurons(
        selector, of: plan, width: network.width, scratch: selectors, memory: lowered)
      return .twoStage(TwoStageNetworkKernel(neurons: neurons, kept: kept, down: sum))
    }
    guard case .nothing = computed else {
      return .selfPredicted(SelfPredictedNetworkKernel(neurons: neurons, down: sum))
    }
    let whole = lowered.copy([
      sk_network(
        gate: gate?.matrix, up: up.matrix, down: columns, gate_bias: gate?.bias,
        up_bias: up.bias, activation: network.activation.kernel, least: least)
    ])
    return .selected(
      SelectedNetworkKernel(neurons: neurons, down: sum, network: whole, others: others))
  }
}

extension FeedForwardPlan {
  /// Neurons whose columns of down are always read together, and all of them; 1 where a token may
  /// leave out some of a group.
  fileprivate func neighbours(_ network: FeedForwardDescription) -> Int {
    guard order.isEmpty, kept == nil, rest == .nothing, maps != nil else { return 1 }
    // Most neurons of such a gate are zero.
    if network.gated, [.relu, .reluSquared].contains(network.activation) { return 1 }
    return groupSize
  }
}
