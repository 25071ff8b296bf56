import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTransformer

@testable import SparrowCPU

/// Sparse attention the long way round: queries, keys, values and attention of all heads, and then
/// only the selected ones' results.
final class HeadGroupReference {
  enum Output {
    /// By the sparse output matrix.
    case sparse
    /// By the dense one, after the results of the others were set to zero.
    case masked
  }

  let model: ModelConfiguration
  private let pool: WorkerPool
  private let weights: PackedWeights
  private let buffers: StepBuffers
  private let parts: [any SparsePart]
  private let dense: Lowering
  private let sparse: Lowering
  private let program: StepProgram

  init(
    _ binding: WeightBinding, _ pool: WorkerPool, _ plans: [Int: AttentionPlan], _ output: Output
  ) throws {
    model = binding.configuration
    self.pool = pool
    weights = try PackedWeights(binding, pool: pool)
    buffers = StepBuffers(model, maximumTokens: 32)
    let memory = ModelMemory(model: model, weights: weights, buffers: buffers)
    let plan = SparsePlan(attention: plans)
    parts = plan.parts(memory, pool: pool)
    var program = plan.rewrite(StepProgram(model))
    program.operations = program.operations.compactMap { operation in
      switch operation.kind {
      case .keepInput: nil
      case .projectHeads(let own, let input):
        Operation(.project(own, input: input), layer: operation.layer)
      case .appendHeads(let own): Operation(.append(own), layer: operation.layer)
      case .attendHeads(let own): Operation(.attend(own), layer: operation.layer)
      case .sparseOutput(let target, let landing) where output == .masked:
        Operation(
          .multiply(.output, input: .attended, output: target, landing), layer: operation.layer)
      default: operation
      }
    }
    self.program = program
    dense = Lowering(StepProgram(model), memory, workers: pool.count)
    sparse = Lowering(program, memory, parts: parts, workers: pool.count)
  }

  /// One step; its last hidden state.
  func step(_ tokens: [Int32], cache: SequenceState, isDense: Bool) -> [Float] {
    let spare = DeferredKeys(parts[0].deferredKeys ?? DeferredKeys.Layout(), count: 0)
    return withExtendedLifetime(spare) {
      tokens.withUnsafeBufferPointer { tokens in
        var segment = StepSegment(
          cache: cache.cache.values, type: cache.type, capacity: cache.capacity, firstRow: 0,
          rows: tokens.count, firstPosition: cache.count, deferred: spare.memory)
        withUnsafePointer(to: &segment) { segment in
          let step = StepState(
            rows: tokens.count, tokens: tokens.baseAddress!, segments: segment, segmentCount: 1)
          buffers.setPositions(step, model.rotaries)
          run(step, isDense ? dense : sparse)
        }
        cache.fill(tokens)
      }
      let last = buffers[dense.headInput]
      return Array(
        UnsafeBufferPointer(start: last.row(tokens.count - 1), count: last.width))
    }
  }

  private func run(_ step: StepState, _ lowering: Lowering) {
    pool.run { worker in
      var selected: HeadGroupSelection?
      for operation in lowering.operations {
        if case .selectHeads(let kernel) = operation { selected = kernel.selection }
        _ = operation.run(worker, step)
        worker.barrier()
        if case .attend = operation, let selected {
          if worker.index == 0 { mask(selected) }
          worker.barrier()
        }
      }
    }
  }

  /// Sets the unselected groups' results to zero, which is harmless before a sparse output matrix.
  private func mask(_ selection: HeadGroupSelection) {
    let attended = buffers[.attended]
    let width = attended.width / selection.count
    for group in 0..<selection.count where !selection.isSelected(group, row: 0) {
      (attended.values + group * width).update(repeating: 0, count: width)
    }
  }
}
