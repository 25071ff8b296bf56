import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTransformer

@testable import SparrowCPU

/// Sparse inputs the long way round: every matrix dense, after its small inputs were set to zero.
///
/// Of float models: block formats quantise a dense matrix's input and not a sparse one's.
final class InputReference {
  let model: ModelConfiguration
  private let pool: WorkerPool
  private let buffers: StepBuffers
  private let weights: PackedWeights
  private let operations: [(kernel: LoweredOperation, threshold: Float?)]
  private let lowering: Lowering

  init(_ binding: WeightBinding, _ pool: WorkerPool, _ plans: [Int: InputPlan]) throws {
    model = binding.configuration
    self.pool = pool
    weights = try PackedWeights(binding, pool: pool)
    buffers = StepBuffers(model, maximumTokens: 32)
    // The same operations as the sparse program's, each dense.
    var program = SparsePlan(inputs: plans).rewrite(StepProgram(model))
    program.operations = program.operations.flatMap { operation -> [Operation] in
      guard case .multiplyLarge(let input, let buffer, let outputs, let landing) = operation.kind
      else { return [operation] }
      let present = input.matrices.filter { binding[WeightRole($0, layer: operation.layer)] != nil }
      let kinds = outputs.count == 1 ? present.suffix(1) : present[...]
      return zip(kinds, outputs).map {
        Operation(.multiply($0, input: buffer, output: $1, landing), layer: operation.layer)
      }
    }
    lowering = Lowering(
      program, ModelMemory(model: model, weights: weights, buffers: buffers), workers: pool.count)
    var thresholds: [Float?] = []
    for operation in program.operations {
      switch operation.kind {
      case .normHeads, .rotate, .head: continue
      case .multiply(let kind, _, _, _):
        let plan = plans[operation.layer ?? -1]
        thresholds.append(LayerInput(of: kind).flatMap { plan?.thresholds[$0]?.value })
      default: thresholds.append(nil)
      }
    }
    operations = Array(zip(lowering.operations, thresholds))
  }

  /// One step of a token for each cache; the last hidden states.
  func step(_ tokens: [Int32], _ caches: [SequenceState]) -> [[Float]] {
    let segments = caches.enumerated().map { row, cache in
      StepSegment(
        cache: cache.cache.values, type: cache.type, capacity: cache.capacity, firstRow: row,
        rows: 1,
        firstPosition: cache.count, deferred: nil)
    }
    tokens.withUnsafeBufferPointer { tokens in
      segments.withUnsafeBufferPointer { segments in
        let step = StepState(
          rows: tokens.count, tokens: tokens.baseAddress!, segments: segments.baseAddress!,
          segmentCount: segments.count)
        buffers.setPositions(step, model.rotaries)
        run(step)
      }
    }
    for (token, cache) in zip(tokens, caches) {
      withUnsafePointer(to: token) { cache.fill(UnsafeBufferPointer(start: $0, count: 1)) }
    }
    let last = buffers[lowering.headInput]
    return tokens.indices.map {
      Array(UnsafeBufferPointer(start: last.row($0), count: last.width))
    }
  }

  private func run(_ step: StepState) {
    pool.run { worker in
      for (kernel, threshold) in operations {
        var saved: [Float] = []
        var input: UnsafeMutableBufferPointer<Float>?
        if let threshold, case .multiply(let multiply) = kernel, worker.index == 0 {
          let own = Self.values(multiply, step, worker)
          saved = Array(own)
          for index in own.indices where abs(own[index]) <= threshold { own[index] = 0 }
          input = own
        }
        worker.barrier()
        _ = kernel.run(worker, step)
        worker.barrier()
        // It may be the residual stream itself.
        if let input { _ = input.update(fromContentsOf: saved) }
        worker.barrier()
      }
    }
  }

  /// All rows of a matrix's input; a norm's single row stands there once for each worker.
  private static func values(
    _ kernel: MultiplyKernel, _ step: StepState, _ worker: Worker
  ) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(
      start: kernel.input.buffer.values,
      count: max(step.rows, worker.count) * kernel.input.buffer.width)
  }
}
