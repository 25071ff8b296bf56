internal import CSparrowKernels
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// The sparse attention of a program: output matrices by columns, predictors and buffers.
final class SparseAttention {
  /// What a sequence keeps for skipped heads; without layers where none can skip keys.
  private(set) var layout = DeferredKeys.Layout()
  /// The layers that run sparsely now.
  private(set) var plans: [Int: AttentionPlan]
  private let weights: PackedWeights
  private let workers: Int
  private let memory = Scratch()
  private let selectors: [SelectorScratch]
  private var selections: [Int: HeadSelection] = [:]
  private var outputs: [Int: UnsafePointer<sk_columns>] = [:]
  private var inputs: [Int: DeferredLayer] = [:]
  /// Linear maps, once they were lowered.
  private var maps: [Int: LinearKernel] = [:]
  /// What the program in use was lowered into, as in `SparseLayers`.
  private var lowered = Scratch()
  private let sums: PartialSums
  private let missingWork: MissingKeysWork
  /// The numbers from 0 on.
  private let columns: UnsafePointer<Int32>

  init(
    _ plans: [Int: AttentionPlan], model: ModelConfiguration, weights: PackedWeights,
    pool: WorkerPool
  ) {
    self.plans = plans
    self.weights = weights
    workers = pool.count
    let attention = plans.keys.map { model.layers[$0].attention }
    let most = attention.map(\.keyValueHeads).max() ?? 1
    selectors = (0..<pool.count).map { _ in SelectorScratch(groups: most) }
    sums = PartialSums(width: model.hidden, workers: pool.count, memory: memory)
    let widest = attention.map { $0.heads * $0.headDimension }.max() ?? 1
    columns = memory.copy((0..<Int32(widest)).map { $0 })
    missingWork = MissingKeysWork(width: widest, workers: pool.count, memory: memory)
    for layer in plans.keys.sorted() {
      selections[layer] = HeadSelection(
        groups: model.layers[layer].attention.keyValueHeads, workers: workers, memory: memory)
      outputs[layer] = memory.columns(
        of: weights.matrix(WeightRole(.output, layer: layer)), pool: pool)
    }
    layOut(model)
  }

  /// Runs these of the layers it was made with, and counts anew. What was lowered before must not
  /// run again.
  func use(_ plans: [Int: AttentionPlan]) {
    precondition(plans.keys.allSatisfy { outputs[$0] != nil }, "a layer without weights by columns")
    self.plans = plans
    lowered = Scratch()
    selections.values.forEach { $0.groups.reads.reset() }
  }

  /// Gives the layers whose heads may skip keys their places in a sequence's memory.
  private func layOut(_ model: ModelConfiguration) {
    let layers = plans.keys.sorted().filter {
      plans[$0]!.maps != nil && model.layers[$0].attention.isMultiHead
    }
    func place(_ index: Int) -> DeferredLayer {
      let kinds = [WeightRole.Kind.key, .value].map {
        sk_wants_quantized(weights.matrix(WeightRole($0, layer: layers[index]))) != 0
      }
      return DeferredLayer(
        index: index, hidden: model.hidden,
        rotary: model.layers[layers[index]].attention.rotary?.dimension ?? 0,
        keepsFloats: kinds.contains(false), keepsQuantized: kinds.contains(true), layout: layout)
    }
    layout = DeferredKeys.Layout(
      layers: layers.count,
      heads: layers.map { model.layers[$0].attention.heads }.max() ?? 0,
      slotBytes: layers.indices.map { place($0).slotBytes }.max() ?? 0)
    for index in layers.indices { inputs[layers[index]] = place(index) }
  }

  /// Bytes that the sparse attention's matrices read for a token, as they did on average so far.
  var bytesPerToken: Int {
    plans.reduce(0) { sum, entry in
      let (layer, plan) = entry
      let density = selections[layer]!.density
      let output = outputs[layer]!.pointee
      let read =
        Double(bytes(.query, layer)) * (plan.maps == nil ? 1 : density.selected)
        + Double(bytes(.key, layer) + bytes(.value, layer))
        * (inputs[layer] == nil ? 1 : density.made)
        + Double(Int(output.column_bytes) * Int(output.columns) + output.scaleBytes)
        * density.selected
      return sum + Int(read) + plan.predictorBytes
    }
  }

  /// Bytes that the same matrices read densely.
  var denseBytesPerToken: Int {
    plans.keys.reduce(0) { sum, layer in
      sum + [WeightRole.Kind.query, .key, .value, .output].reduce(0) { $0 + bytes($1, layer) }
    }
  }

  /// Elements of each cached position that a token did not read, on average so far.
  func unreadElements(_ model: ModelConfiguration) -> Int {
    plans.reduce(0) { sum, entry in
      guard entry.value.maps != nil else { return sum }
      let attention = model.layers[entry.key].attention
      let elements = 2 * attention.keyValueHeads * attention.headDimension
      return sum + Int(Double(elements) * (1 - selections[entry.key]!.density.selected))
    }
  }

  private func bytes(_ kind: WeightRole.Kind, _ layer: Int) -> Int {
    weights.byteCount(of: WeightRole(kind, layer: layer)) ?? 0
  }

  // MARK: - Lowering

  func predict(_ layer: Int, _ groupWidth: Int, input: StepInput)
    -> PredictHeadsKernel
  {
    let predictor: PredictHeadsKernel.Predictor
    if let own = plans[layer]!.maps {
      let kernel = maps[layer] ?? LinearKernel(own, workers: workers, memory: memory)
      maps[layer] = kernel
      predictor = .linear(kernel)
    } else {
      predictor = .norms(width: groupWidth)
    }
    return PredictHeadsKernel(
      predictor: predictor, input: input, selection: selections[layer]!)
  }

  func select(_ layer: Int) -> SelectHeadsKernel {
    let selection = selections[layer]!
    return SelectHeadsKernel(
      select: SelectKernel(
        plans[layer]!, result: selection.groups, workers: workers, scratch: selectors,
        memory: lowered), selection: selection, inputs: inputs[layer])
  }

  func keep(_ layer: Int, input: StepInput, heads: HeadsKernel)
    -> KeepInputKernel
  {
    KeepInputKernel(input: input, inputs: inputs[layer]!, heads: heads)
  }

  func project(
    _ layer: Int, input: StepInput, attention: AttentionShape,
    product: (WeightRole.Kind) -> Product
  ) -> ProjectHeadsKernel {
    ProjectHeadsKernel(
      layer: layer, query: product(.query), key: product(.key), value: product(.value),
      input: input, attention: attention, selection: selections[layer]!,
      missing: missing(layer, product))
  }

  func append(_ layer: Int, heads: HeadsKernel, product: (WeightRole.Kind) -> Product)
    -> AppendHeadsKernel
  {
    AppendHeadsKernel(
      layer: layer, heads: heads, selection: selections[layer]!, missing: missing(layer, product))
  }

  func attend(_ dense: AttendKernel, window: Int) -> AttendHeadsKernel {
    AttendHeadsKernel(attend: dense, window: window, selection: selections[dense.layer]!)
  }

  func output(_ layer: Int, attended: StepBuffer, output: StepBuffer, isAdded: Bool)
    -> SparseOutputKernel
  {
    let selection = selections[layer]!
    return SparseOutputKernel(
      matrix: outputs[layer]!, bias: weights.vector(WeightRole(.outputBias, layer: layer)),
      columns: columns, groupWidth: attended.width / selection.count, attended: attended,
      output: output, isAdded: isAdded, selection: selection, sums: sums)
  }

  /// What a dense step must run first; nil where no keys are ever missing.
  func catchUp(_ layer: Int, heads: HeadsKernel, product: (WeightRole.Kind) -> Product)
    -> CatchUpKernel?
  {
    missing(layer, product).map { CatchUpKernel(heads: heads, missing: $0) }
  }

  private func missing(_ layer: Int, _ product: (WeightRole.Kind) -> Product) -> MissingKeys? {
    inputs[layer].map {
      MissingKeys(key: product(.key), value: product(.value), inputs: $0, work: missingWork)
    }
  }
}
