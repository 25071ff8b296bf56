import CSparrowCUDA
import SparrowCore
package import SparrowEngine
package import SparrowSparsity
import SparrowTransformer

extension CUDAEngine {
  package func score(
    _ sketch: RowSketch, states: UnsafePointer<Float>, count: Int,
    scores: UnsafeMutablePointer<Float>, energies: UnsafeMutablePointer<Float>
  ) {
    wait()
    attempt { () throws(SparrowError) in
      let memory = DeviceMemory(in: context)
      let own = try SketchScores(sketch, ranksBlocks: true, operands, memory)
      let input = try memory.rows(StepShape.sparseRows, width: sketch.hidden)
      try forEachPart(of: states, count, into: input) { first, rows throws(SparrowError) in
        try own.launch(input, rows: rows)
        let width = own.directions.width
        let directions = try context.values(
          rows * width, at: own.directions.address, zero: Float(0))
        for row in 0..<rows {
          let found = try context.values(
            sketch.rowCount, at: own.scores.from(row).address, zero: Float(0))
          (scores + (first + row) * sketch.rowCount).update(from: found, count: found.count)
          energies[first + row] = directions[row * width..<(row + 1) * width].reduce(0) {
            $0 + $1 * $1
          }
        }
      }
    }
  }

  package func predict(
    _ plan: FeedForwardPlan, layer: Int, inputs: UnsafePointer<Float>, count: Int
  ) -> Prediction {
    let network = model.layers[layer].feedForward
    let width = plan.scoreCount(neurons: network.width)
    var scores: [Float] = []
    var estimates: [Float] = []
    wait()
    attempt { () throws(SparrowError) in
      let memory = DeviceMemory(in: context)
      let input = try memory.rows(StepShape.sparseRows, width: model.hidden)
      let all = try memory.rows(
        StepShape.sparseRows, width: FeedForwardPlan.paddedNeurons(network.width))
      let activations = try memory.rows(StepShape.sparseRows, width: network.width)
      let predictor = try NeuronScores(
        plan, layer, network, of: input, into: all, activations: activations, operands, memory)
      try forEachPart(of: inputs, count, into: input) { _, rows throws(SparrowError) in
        try predictor.launch(StepShape(rows: rows, positions: 1, type: .f16))
        for row in 0..<rows {
          scores += try context.values(width, at: all.from(row).address, zero: 0)
          guard plan.isRestEstimated else { continue }
          estimates += try context.values(
            network.width, at: activations.from(row).address, zero: 0)
        }
      }
    }
    return Prediction(scores: scores, estimates: estimates)
  }

  /// Copies as many rows at a time to the device as sparse kernels take.
  private func forEachPart(
    of states: UnsafePointer<Float>, _ count: Int, into input: DeviceRows,
    _ body: (_ first: Int, _ rows: Int) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    for first in stride(from: 0, to: count, by: StepShape.sparseRows) {
      let rows = min(StepShape.sparseRows, count - first)
      try context.call("cuMemcpyHtoDAsync") {
        $0.copy_in(
          input.address, states + first * input.width, 4 * rows * input.width, context.stream)
      }
      try body(first, rows)
    }
  }

  package func makeAudit() -> StepAudit {
    StepAudit(plan, model: model, weights: weights, pool: pool, workspace: self)
  }

  package func layerRun(_ layer: Int?) -> any LayerRun {
    CUDALayerRun(self, layer: layer)
  }
}
