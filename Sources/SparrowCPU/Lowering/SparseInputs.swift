internal import CSparrowKernels
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// The matrices of a program that read large inputs only: their weights by columns, lists and
/// buffers.
///
/// The packed rows stay beside them, for prompts.
final class SparseInputs: SparsePart {
  /// The layers that run sparsely now.
  private var plans: [Int: InputPlan]
  private let weights: PackedWeights
  private let owned = OwnedMemory()
  /// What the program in use was lowered into, as in `SparseNetworks`.
  private var lowered = OwnedMemory()
  private var columns: [WeightRole: UnsafePointer<sk_columns>] = [:]
  private var reads: [InputSource: NeuronReads] = [:]
  private let lists: LargeInputs
  private let sums: PartialSums

  init?(_ plan: SparsePlan, _ memory: ModelMemory, pool: WorkerPool) {
    guard !plan.inputs.isEmpty else { return nil }
    plans = plan.inputs
    weights = memory.weights
    let memory = owned
    var widest = 1
    var tallest = 1
    for (layer, plan) in plans.sorted(by: { $0.key < $1.key }) {
      for input in plan.thresholds.keys {
        let source = InputSource(layer: layer, input: input)
        reads[source] = NeuronReads(workers: pool.count, memory: memory)
        var rows = 0
        for role in source.roles where weights.byteCount(of: role) != nil {
          let matrix = weights.matrix(role)
          columns[role] = memory.columns(of: matrix, pool: pool)
          widest = max(widest, Int(matrix.pointee.columns))
          rows += PartialSums.padded(Int(matrix.pointee.rows))
        }
        tallest = max(tallest, rows)
      }
    }
    lists = LargeInputs(width: widest, workers: pool.count, memory: memory)
    sums = PartialSums(width: tallest, workers: pool.count, memory: memory)
  }

  func use(_ plan: SparsePlan) {
    plans = plan.inputs
    lowered = OwnedMemory()
    precondition(sources.allSatisfy { reads[$0] != nil }, "an input without weights by columns")
    reads.values.forEach { $0.reset() }
  }

  /// The inputs of which only the large ones count now.
  private var sources: [InputSource] {
    plans.flatMap { layer, plan in
      plan.thresholds.keys.map { InputSource(layer: layer, input: $0) }
    }
  }

  func note(in touched: inout Touched) {
    for source in sources {
      let width = weights.shape(of: source.roles.last!).columns
      touched.inputs[source] = (reads[source]?.mean?.columns).map { $0 / Double(width) } ?? 1
    }
  }

  // MARK: - Lowering

  func lower(_ operation: Operation, _ operands: Operands) -> LoweredOperation? {
    guard let layer = operation.layer,
      case .multiplyLarge(let name, let input, let outputs, let landing) = operation.kind
    else { return nil }
    return .multiplyLarge(
      multiply(
        InputSource(layer: layer, input: name), operands.input(input, layer),
        into: outputs.map { operands.buffer($0, layer) }, isAdded: landing == .add))
  }

  private func multiply(
    _ source: InputSource, _ input: StepInput, into outputs: [StepBuffer], isAdded: Bool
  ) -> MultiplyLargeKernel {
    var products: [ColumnProduct] = []
    var start = 0
    for (role, output) in zip(source.roles.filter { columns[$0] != nil }, outputs) {
      let matrix = columns[role]!
      products.append(
        ColumnProduct(
          matrix: matrix,
          bias: role.kind.bias.flatMap { weights.vector(WeightRole($0, layer: role.layer)) },
          output: output, start: start))
      start += PartialSums.padded(Int(matrix.pointee.rows))
    }
    return MultiplyLargeKernel(
      source: source, products: lowered.copy(products), count: products.count, input: input,
      width: Int(products[0].matrix.pointee.columns),
      threshold: plans[source.layer]!.thresholds[source.input]!.value, isAdded: isAdded,
      lists: lists, reads: reads[source]!, sums: sums)
  }
}
