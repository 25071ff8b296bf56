import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// One layer by itself, its matrices reading large inputs only.
///
/// It runs the kernels that decode, over the engine's buffers and a copy by columns of the layer's
/// matrices. Not for use while the engine that it was made of runs a step.
final class CUDALayerRun: LayerRun {
  var thresholds: [LayerInput: Float] = [:]
  private let engine: CUDAEngine
  private let layer: Int?
  private let program: StepProgram
  private var inputs: SparseInputs?
  /// What the thresholds were lowered into.
  private var lowered: (thresholds: [LayerInput: Float], operations: [LoweredOperation])?

  /// Without a layer, what stands before the first one: tokens in, residual streams out.
  init(_ engine: CUDAEngine, layer: Int?) {
    self.engine = engine
    self.layer = layer
    program = StepProgram(engine.model).only(layer)
    let plan = plan
    engine.attempt { () throws(SparrowError) in
      inputs = try SparseInputs(plan, engine.operands)
    }
  }

  /// Thresholds for all inputs of the layer: none below 0 leaves anything out.
  private var plan: SparsePlan {
    var plan = SparsePlan.dense
    guard let layer else { return plan }
    let all = LayerInput.allCases.map { ($0, InputPlan.Threshold(thresholds[$0] ?? -1)) }
    plan.inputs[layer] = InputPlan(Dictionary(uniqueKeysWithValues: all))
    return plan
  }

  func run(
    _ tokens: [Int32], _ sequence: SequenceState, from states: UnsafePointer<Float>,
    to results: UnsafeMutablePointer<Float>
  ) {
    sequence.truncate(to: 0)
    let hasRoom = sequence.reserve(tokens.count)
    precondition(hasRoom, "no pages for a sequence")
    engine.wait()
    engine.attempt { () throws(SparrowError) in
      let operations = try operations()
      for start in stride(from: 0, to: tokens.count, by: StepShape.sparseRows) {
        let rows = start..<min(start + StepShape.sparseRows, tokens.count)
        try step(operations, tokens, rows, sequence, states, results)
      }
    }
    sequence.truncate(to: 0)
  }

  private func operations() throws(SparrowError) -> [LoweredOperation] {
    if let lowered, lowered.thresholds == thresholds { return lowered.operations }
    try inputs?.use(plan)
    let lowering = try Lowering(
      plan.rewrite(program), engine.operands, parts: inputs.map { [$0] } ?? [])
    lowered = (thresholds, lowering.operations)
    return lowering.operations
  }

  private func step(
    _ operations: [LoweredOperation], _ tokens: [Int32], _ rows: Range<Int>,
    _ sequence: SequenceState, _ states: UnsafePointer<Float>,
    _ results: UnsafeMutablePointer<Float>
  ) throws(SparrowError) {
    let context = engine.context
    let hidden = engine.operands.buffers[.hidden]
    let count = rows.count * hidden.width
    let pages = try sequence.devicePages.send(in: context)
    for (index, row) in rows.enumerated() {
      let value = scu_row(token: tokens[row], position: Int32(row), pages: pages, kept: 0)
      engine.operands.inputs.set(
        index, value, turnsLong: engine.model.turnsLong(tokens.count))
    }
    try engine.operands.inputs.send(rows: rows.count)
    try context.call("cuMemcpyHtoDAsync") {
      $0.copy_in(
        hidden.address, states + rows.lowerBound * hidden.width, 4 * count, context.stream)
    }
    let shape = StepShape(
      rows: rows.count, positions: rows.upperBound, type: sequence.pool.type)
    for operation in operations { try operation.launch(shape) }
    // Waits: the rows are written anew for the next step.
    let found = try context.values(count, at: hidden.address, zero: Float(0))
    (results + rows.lowerBound * hidden.width).update(from: found, count: count)
  }
}

extension ModelConfiguration {
  fileprivate func turnsLong(_ count: Int) -> Bool { longRotaryBeyond.map { count > $0 } ?? false }
}
