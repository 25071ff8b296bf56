import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// One layer by itself, its matrices reading large inputs only.
///
/// It runs the kernels that decode, over memory of its own: a copy by columns of the layer's
/// matrices. Not for use while the engine that it was made of runs a step.
final class CPULayerRun: LayerRun {
  var thresholds: [LayerInput: Float] = [:]
  private let pool: WorkerPool
  private let rotaries: [RotaryDescription]
  private let beyond: Int
  private let buffers: StepBuffers
  private let lowering: Lowering
  /// Rows that the kernels of sparse inputs take at most.
  private static let rows = StepState.maximumSparseRows

  /// Without a layer, what stands before the first one: tokens in, residual streams out.
  init(_ engine: CPUEngine, layer: Int?) {
    pool = engine.pool
    rotaries = engine.model.rotaries
    beyond = engine.model.longRotaryBeyond ?? .max
    var plan = SparsePlan.dense
    if let layer {
      let all = LayerInput.allCases.map { ($0, InputPlan.Threshold(-1)) }
      plan.inputs[layer] = InputPlan(Dictionary(uniqueKeysWithValues: all))
    }
    let program = plan.rewrite(StepProgram(engine.model).only(layer))
    buffers = StepBuffers(engine.model, maximumTokens: max(Self.rows, engine.pool.count))
    let memory = ModelMemory(model: engine.model, weights: engine.packed, buffers: buffers)
    lowering = Lowering(
      program, memory, parts: plan.parts(memory, pool: engine.pool), workers: engine.pool.count)
  }

  func run(
    _ tokens: [Int32], _ sequence: SequenceState, from states: UnsafePointer<Float>,
    to results: UnsafeMutablePointer<Float>
  ) {
    sequence.truncate(to: 0)
    let hasRoom = sequence.reserve(tokens.count)
    precondition(hasRoom, "no pages for a sequence")
    let hidden = buffers[.hidden]
    let operations = lowering.operations.map(limited)
    tokens.withUnsafeBufferPointer { tokens in
      for start in stride(from: 0, to: tokens.count, by: Self.rows) {
        let rows = min(Self.rows, tokens.count - start)
        let offset = start * hidden.width
        hidden.values.update(from: states + offset, count: rows * hidden.width)
        step(
          operations, tokens.baseAddress! + start, rows, at: start, sequence,
          turnsLong: tokens.count > beyond)
        (results + offset).update(from: hidden.values, count: rows * hidden.width)
      }
    }
  }

  private func step(
    _ operations: [LoweredOperation], _ tokens: UnsafePointer<Int32>, _ rows: Int,
    at position: Int, _ sequence: SequenceState, turnsLong: Bool
  ) {
    let segment = StepSegment(
      pages: sequence.cache.pages, type: sequence.pool.type, firstRow: 0, rows: rows,
      firstPosition: position, turnsLong: turnsLong, deferred: nil)
    withUnsafePointer(to: segment) { segment in
      let step = StepState(rows: rows, tokens: tokens, segments: segment, segmentCount: 1)
      buffers.setPositions(step, rotaries)
      pool.run { worker in
        for operation in operations where operation.run(worker, step) { worker.barrier() }
      }
    }
  }

  private func limited(_ operation: LoweredOperation) -> LoweredOperation {
    guard case .multiplyLarge(var kernel) = operation else { return operation }
    kernel.threshold = thresholds[kernel.source.input] ?? -1
    return .multiplyLarge(kernel)
  }
}
