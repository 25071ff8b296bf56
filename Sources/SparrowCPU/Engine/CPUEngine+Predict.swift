import SparrowCore
package import SparrowEngine
package import SparrowSparsity
import SparrowTransformer

extension CPUEngine {
  package func predict(
    _ plan: FeedForwardPlan, layer: Int, inputs: UnsafePointer<Float>, count: Int
  ) -> Prediction {
    let sparse = SparsePlan(networks: [layer: plan])
    var program = sparse.rewrite(StepProgram(model).only(layer))
    program.operations.removeAll { !$0.isPrediction }
    guard case .predict(let network, let input)? = program.operations.first?.kind else {
      preconditionFailure("a sparse network without a prediction")
    }
    let most = StepState.maximumSparseRows
    let buffers = StepBuffers(model, maximumTokens: max(most, pool.count))
    let memory = ModelMemory(model: model, weights: packed, buffers: buffers)
    let networks = SparseNetworks(sparse, memory, pool: pool)!
    let lowering = Lowering(program, memory, parts: [networks], workers: pool.count)
    let result = networks.scores[layer]!
    let width = plan.scoreCount(neurons: network.width)
    let activations = network.gated ? buffers.gates : buffers.neurons
    var scores: [Float] = []
    var estimates: [Float] = []
    scores.reserveCapacity(count * width)
    for start in stride(from: 0, to: count, by: most) {
      let rows = min(most, count - start)
      buffers[input].values.update(from: inputs + start * model.hidden, count: rows * model.hidden)
      let noTokens = [Int32](repeating: 0, count: rows)
      noTokens.withUnsafeBufferPointer { tokens in
        let step = StepState(
          rows: rows, tokens: tokens.baseAddress!, segments: UnsafePointer(segments),
          segmentCount: 0)
        pool.run { worker in
          for operation in lowering.operations where operation.run(worker, step) {
            worker.barrier()
          }
        }
      }
      for row in 0..<rows {
        scores += UnsafeBufferPointer(start: result.scores(of: row), count: width)
        guard plan.isRestEstimated else { continue }
        estimates += UnsafeBufferPointer(start: activations.row(row), count: network.width)
      }
    }
    return Prediction(scores: scores, estimates: estimates)
  }

  package func score(
    _ sketch: RowSketch, states: UnsafePointer<Float>, count: Int,
    scores: UnsafeMutablePointer<Float>, energies: UnsafeMutablePointer<Float>
  ) {
    let memory = OwnedMemory()
    let own = SketchScores(sketch, inputs: 1, workers: pool.count, memory: memory)
    for state in 0..<count {
      nonisolated(unsafe) let values = states + state * sketch.hidden
      pool.run { worker in
        own.turn(worker, values)
        worker.barrier()
        own.score(worker, (worker.share(of: own.blocks), 0..<0), withMean: false)
      }
      (scores + state * sketch.rowCount).update(from: own.scores(of: 0), count: sketch.rowCount)
      energies[state] = own.energy(input: 0)
    }
  }
}

extension Operation {
  fileprivate var isPrediction: Bool {
    if case .predict = kind { true } else { false }
  }
}
