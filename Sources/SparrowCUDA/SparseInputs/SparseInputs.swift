import CSparrowCUDA
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// The matrices of a program that read large inputs only: their weights by columns, and lists.
///
/// The packed rows stay beside them, for prompts.
final class SparseInputs: SparsePart, @unchecked Sendable {
  /// The layers that run sparsely now.
  private var plans: [Int: InputPlan]
  private let operands: Operands
  private let memory: DeviceMemory
  /// What the program in use was lowered into, and goes with it.
  private var lowered: DeviceMemory
  private var columns: [WeightRole: DeviceColumns] = [:]
  private var reads: [InputSource: ReadCounts] = [:]
  /// By width; operations run one after the other and share them.
  private var lists: [Int: DeviceLists] = [:]

  private var context: CUDAContext { memory.context }
  private var library: KernelLibrary { operands.kernels.library }

  /// nil for a plan without thresholds.
  init?(_ plan: SparsePlan, _ operands: Operands) throws(SparrowError) {
    guard !plan.inputs.isEmpty else { return nil }
    plans = plan.inputs
    self.operands = operands
    let library = operands.kernels.library
    let memory = DeviceMemory(in: library.context)
    self.memory = memory
    lowered = DeviceMemory(in: library.context)
    for (layer, plan) in plans {
      for input in plan.thresholds.keys {
        let source = InputSource(layer: layer, input: input)
        reads[source] = try ReadCounts(memory)
        for role in source.roles where operands.weights.byteCount(of: role) != nil {
          let matrix = operands.weights.matrix(role)
          columns[role] = try DeviceColumns(matrix, library)
          if lists[matrix.columns] == nil {
            lists[matrix.columns] = try DeviceLists(width: matrix.columns, memory)
          }
        }
      }
    }
  }

  func use(_ plan: SparsePlan) throws(SparrowError) {
    plans = plan.inputs
    lowered = DeviceMemory(in: context)
    precondition(sources.allSatisfy { reads[$0] != nil }, "an input without weights by columns")
    for counts in reads.values { try counts.reset(in: context) }
  }

  /// The inputs of which only the large ones count now.
  private var sources: [InputSource] {
    plans.flatMap { layer, plan in
      plan.thresholds.keys.map { InputSource(layer: layer, input: $0) }
    }
  }

  func note(in touched: inout Touched) throws(SparrowError) {
    for source in sources {
      let width = operands.weights.shape(of: source.roles.last!).columns
      let mean = try reads[source]?.mean(in: context)
      touched.inputs[source] = mean.map { $0.chosen / Double(width) } ?? 1
    }
  }

  func lower(_ operation: Operation) throws(SparrowError) -> LoweredOperation? {
    guard let layer = operation.layer,
      case .multiplyLarge(let name, let input, let outputs, let landing) = operation.kind
    else { return nil }
    let source = InputSource(layer: layer, input: name)
    let roles = source.roles.filter { columns[$0] != nil }
    let width = columns[roles[0]]!.argument.columns
    let values = operands.buffer(input, layer)
    let chosen = lists[Int(width)]!
    let threshold = plans[layer]!.thresholds[name]!.value
    let selecting = try Selecting(
      .init(above: threshold), of: values, into: chosen, reads: reads[source],
      memory: lowered, library)
    let sums = try ColumnSums(
      zip(roles, outputs).map { role, output in
        .init(
          matrix: columns[role]!, bias: operands.bias(role.kind, layer),
          output: operands.buffer(output, layer))
      }, chosen: chosen, values: values, adds: landing == .add, reads: nil, operands)
    return LoweredOperation(
      operation, look: InputsLook(source, chosen, selecting, library.context).look
    ) { shape throws(SparrowError) in
      try selecting.launch(shape)
      try sums.launch(shape)
    }
  }
}
