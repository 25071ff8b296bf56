internal import CSparrowKernels
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// The sparse feed-forward networks of a program: their weights by columns, predictors and buffers.
final class SparseLayers {
  /// The layers that run sparsely now.
  private(set) var plans: [Int: FeedForwardPlan]
  private let model: ModelConfiguration
  private let weights: PackedWeights
  private let buffers: StepBuffers
  private let workers: Int
  private let memory = Scratch()
  /// What the program in use was lowered into, and goes with it: replanning must not pile up memory.
  private(set) var lowered = Scratch()
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

  init(
    _ plans: [Int: FeedForwardPlan], model: ModelConfiguration, weights: PackedWeights,
    buffers: StepBuffers, pool: WorkerPool
  ) {
    self.plans = plans
    self.model = model
    self.weights = weights
    self.buffers = buffers
    workers = pool.count
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
        of: weights.matrix(WeightRole(.down, layer: layer)), pool: pool)
    }
  }

  /// Runs these of the layers it was made with, and counts anew. What was lowered before must not run again.
  func use(_ plans: [Int: FeedForwardPlan]) {
    precondition(
      plans.allSatisfy { layer, plan in
        scores[layer] != nil && (columns[layer] == nil) == plan.readsDownWhole
          && (downSketches[layer] == nil) == (plan.rest == .nothing || plan.readsDownWhole)
      }, "a layer that was not made sparse, or otherwise")
    self.plans = plans
    lowered = Scratch()
    scores.values.forEach { $0.reads.reset() }
  }

  /// Bytes that the sparse networks read for a token, as they did on average so far.
  var bytesPerToken: Int {
    plans.reduce(0) { sum, entry in
      let (layer, plan) = entry
      let rows = [WeightRole.Kind.gate, .up].compactMap { kind -> (all: Int, row: Int)? in
        let role = WeightRole(kind, layer: layer)
        guard let bytes = weights.byteCount(of: role) else { return nil }
        return (bytes, Int(weights.matrix(role).pointee.row_bytes))
      }
      let width = Double(scores[layer]!.width)
      let (selected, touched) = scores[layer]!.reads.mean ?? (width, width)
      var read =
        if let down = columns[layer]?.pointee {
          touched * Double(down.column_bytes) + Double(down.scaleBytes)
        } else {
          Double(weights.byteCount(of: WeightRole(.down, layer: layer)) ?? 0)
        }
      switch plan.predictor {
      case .exact: read += Double(rows.reduce(0) { $0 + $1.all })
      case .gate: read += Double(rows[0].all) + selected * Double(rows[1].row)
      default:
        let ups = gatesFirst(layer, plan) ? touched : selected
        for (index, part) in rows.enumerated() {
          read += Double(part.row) * (index == 0 ? selected : ups)
        }
      }
      return sum + Int(read) + plan.predictorBytes
    }
  }

  /// Whether up is read for neurons whose gate is not zero alone, which are those whose column is read, or nearly.
  private func gatesFirst(_ layer: Int, _ plan: FeedForwardPlan) -> Bool {
    guard model.layers[layer].feedForward.activation.isSparse, !plan.readsDownWhole else {
      return false
    }
    switch plan.kept {
    case nil, .threshold: return true
    default: return false
    }
  }

  /// Bytes that the same networks read densely.
  var denseBytesPerToken: Int {
    plans.keys.reduce(0) { sum, layer in
      sum
        + [WeightRole.Kind.gate, .up, .down].reduce(0) {
          $0 + (weights.byteCount(of: WeightRole($1, layer: layer)) ?? 0)
        }
    }
  }

  // MARK: - Lowering

  func predict(
    _ layer: Int, _ network: FeedForwardDescription, input: StepInput,
    product: (WeightRole.Kind, StepBuffer) -> Product
  ) -> PredictKernel {
    let predictor = predictors[layer] ?? predictor(layer, network, product)
    predictors[layer] = predictor
    return PredictKernel(
      predictor: predictor, activation: network.activation.kernel, isGated: network.gated,
      input: input, result: scores[layer]!,
      isRead: plans[layer]!.singleRowLists(workers: workers) != .parts)
  }

  private func predictor(
    _ layer: Int, _ network: FeedForwardDescription,
    _ product: (WeightRole.Kind, StepBuffer) -> Product
  ) -> PredictKernel.Predictor {
    switch plans[layer]!.predictor {
    case .sketch(let sketch):
      .sketch(
        SketchScores(
          sketch, inputs: NeuronScores.maximumRows, workers: workers, memory: memory),
        estimates: plans[layer]!.isRestEstimated ? activations(of: network) : nil)
    case .lowRank(let maps), .router(let maps):
      .linear(LinearKernel(maps, workers: workers, memory: memory))
    case .gate:
      .own(gate: product(.gate, buffers.gates), up: nil, activations: buffers.gates)
    case .exact:
      .own(
        gate: network.gated ? product(.gate, buffers.gates) : nil,
        up: product(.up, buffers.neurons),
        activations: activations(of: network))
    }
  }

  /// Where a network's activations lie.
  private func activations(of network: FeedForwardDescription) -> StepBuffer {
    network.gated ? buffers.gates : buffers.neurons
  }

  func select(_ layer: Int) -> SelectKernel {
    SelectKernel(
      plans[layer]!, result: scores[layer]!, workers: workers, scratch: selectors, memory: lowered)
  }

  func feedForward(
    _ layer: Int, _ network: FeedForwardDescription, input: StepInput,
    output: StepBuffer, isAdded: Bool, product: (WeightRole.Kind, StepBuffer) -> Product,
    down: (_ activations: StepBuffer, _ sketch: UnsafePointer<sk_matrix>?) -> MultiplyKernel
  ) -> SparseFeedForwardKernel {
    let plan = plans[layer]!
    let gate = network.gated ? product(.gate, buffers.gates) : nil
    let up = product(.up, buffers.neurons)
    let computed: SelectedNeurons.Computed =
      switch plan.predictor {
      case .gate: .gates(buffers.gates)
      case .exact: .activations(activations(of: network))
      default: .nothing
      }
    let neurons = SelectedNeurons(
      layer: layer, activation: network.activation.kernel, gate: gate, up: up, input: input,
      lists: scores[layer]!.selection, singleRow: plan.singleRowLists(workers: workers),
      computed: computed, window: window)
    let others =
      plan.isRestEstimated ? down(activations(of: network), downSketches[layer]) : nil
    guard let columns = columns[layer] else {
      return .estimated(EstimatedNetworkKernel(neurons: neurons, down: others!))
    }
    // A threshold needs no other activations to decide, and so no second stage.
    var least: Float = 0
    if case .threshold(let kept) = plan.kept { least = max(0, kept.nextDown) }
    let sum = DownColumns(
      matrix: columns,
      bias: others == nil ? weights.vector(WeightRole(.downBias, layer: layer)) : nil,
      least: least, output: output, isAdded: isAdded || others != nil, window: window, sums: sums,
      reads: scores[layer]!.reads)
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
