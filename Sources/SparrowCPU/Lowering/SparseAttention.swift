internal import CSparrowKernels
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// The sparse attention of a program: output matrices by columns, predictors and buffers.
final class SparseAttention: SparsePart {
  /// What a sequence keeps for skipped heads; without layers where none can skip keys.
  private var layout = DeferredKeys.Layout()
  /// The layers that run sparsely now.
  private(set) var plans: [Int: AttentionPlan]
  private let model: ModelConfiguration
  private let weights: PackedWeights
  private let workers: Int
  private let owned = OwnedMemory()
  private let selectors: [SelectorScratch]
  private var selections: [Int: HeadGroupSelection] = [:]
  private var outputs: [Int: UnsafePointer<sk_columns>] = [:]
  private var inputs: [Int: DeferredLayer] = [:]
  /// Linear maps, once they were lowered.
  private var maps: [Int: LinearKernel] = [:]
  /// What the program in use was lowered into, as in `SparseNetworks`.
  private var lowered = OwnedMemory()
  private let sums: PartialSums
  private let missingWork: MissingKeysMemory
  /// The numbers from 0 on.
  private let columns: UnsafePointer<Int32>

  init?(_ plan: SparsePlan, _ memory: ModelMemory, pool: WorkerPool) {
    guard !plan.attention.isEmpty else { return nil }
    plans = plan.attention
    let model = memory.model
    self.model = model
    weights = memory.weights
    workers = pool.count
    let memory = owned
    let attention = plans.keys.map { model.layers[$0].attention }
    let most = attention.map(\.keyValueHeads).max() ?? 1
    selectors = (0..<pool.count).map { _ in SelectorScratch(groups: most) }
    sums = PartialSums(width: model.hidden, workers: pool.count, memory: memory)
    let widest = attention.map { $0.heads * $0.headDimension }.max() ?? 1
    columns = memory.copy((0..<Int32(widest)).map { $0 })
    missingWork = MissingKeysMemory(width: widest, workers: pool.count, memory: memory)
    for layer in plans.keys.sorted() {
      selections[layer] = HeadGroupSelection(
        groups: model.layers[layer].attention.keyValueHeads, workers: workers, memory: memory)
      outputs[layer] = memory.columns(
        of: weights.matrix(WeightRole(.output, layer: layer)), pool: pool)
    }
    layOut()
  }

  func use(_ plan: SparsePlan) {
    plans = plan.attention
    precondition(plans.keys.allSatisfy { outputs[$0] != nil }, "a layer without weights by columns")
    lowered = OwnedMemory()
    selections.values.forEach { $0.groups.reads.reset() }
  }

  /// Gives the layers whose heads may skip keys their places in a sequence's memory.
  private func layOut() {
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

  func note(in touched: inout Touched) {
    for layer in plans.keys {
      let density = selections[layer]!.density
      touched.attention[layer] = .init(
        selected: density.selected, made: inputs[layer] == nil ? 1 : density.made)
    }
  }

  var deferredKeys: DeferredKeys.Layout? { layout.layers > 0 ? layout : nil }

  // MARK: - Lowering

  func lower(_ operation: Operation, _ operands: Operands) -> LoweredOperation? {
    guard let layer = operation.layer, let selection = selections[layer] else { return nil }
    switch operation.kind {
    case .predictHeads(let attention, let input):
      return .predictHeads(
        PredictHeadGroupsKernel(
          predictor: predictor(layer, attention), input: operands.input(input, layer),
          selection: selection))
    case .selectHeads:
      return .selectHeads(
        SelectHeadGroupsKernel(
          select: SelectKernel(
            plans[layer]!, result: selection.groups, workers: workers, scratch: selectors,
            memory: lowered), selection: selection, inputs: inputs[layer]))
    case .keepInput(let attention, let input):
      return .keepInput(
        KeepInputKernel(
          input: operands.input(input, layer), inputs: inputs[layer]!,
          heads: operands.headsKernel(attention, layer)))
    case .projectHeads(let attention, let input):
      return .projectHeads(
        ProjectHeadGroupsKernel(
          layer: layer, query: operands.projection(.query, layer),
          key: operands.projection(.key, layer), value: operands.projection(.value, layer),
          input: operands.input(input, layer), attention: operands.shape(attention, layer),
          selection: selection, missing: missing(layer, operands)))
    case .appendHeads(let attention):
      return .appendHeads(
        AppendHeadGroupsKernel(
          layer: layer, heads: operands.headsKernel(attention, layer), selection: selection,
          missing: missing(layer, operands)))
    case .attendHeads(let attention):
      return .attendHeads(
        AttendHeadGroupsKernel(
          attend: operands.attendKernel(attention, layer), window: attention.window,
          selection: selection))
    case .sparseOutput(let output, let landing):
      let attended = operands.buffer(.attended, layer)
      return .sparseOutput(
        SparseOutputKernel(
          layer: layer, matrix: outputs[layer]!, bias: operands.bias(.output, layer),
          columns: columns,
          groupWidth: attended.width / selection.count, attended: attended,
          output: operands.buffers[output], isAdded: landing == .add, selection: selection,
          sums: sums))
    default: return nil
    }
  }

  private func predictor(
    _ layer: Int, _ attention: AttentionDescription
  ) -> PredictHeadGroupsKernel.Predictor {
    guard let own = plans[layer]!.maps else { return .norms(width: attention.groupWidth) }
    let kernel = maps[layer] ?? LinearKernel(own, workers: workers, memory: owned)
    maps[layer] = kernel
    return .linear(kernel)
  }

  func catchUps(_ operands: Operands) -> [CatchUpKernel] {
    plans.keys.sorted().compactMap { layer in
      missing(layer, operands).map {
        CatchUpKernel(
          heads: operands.headsKernel(model.layers[layer].attention, layer), missing: $0)
      }
    }
  }

  /// nil where no keys are ever missing.
  private func missing(_ layer: Int, _ operands: Operands) -> MissingKeys? {
    inputs[layer].map {
      MissingKeys(
        key: operands.projection(.key, layer), value: operands.projection(.value, layer),
        inputs: $0, work: missingWork)
    }
  }
}
