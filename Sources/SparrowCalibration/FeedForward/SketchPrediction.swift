internal import CSparrowKernels
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity
internal import SparrowTransformer

/// The activations that a network's sketch estimates of recorded inputs, as the decoding kernels would.
enum SketchPrediction {
  /// The sizes of `activations`, which is what neurons are chosen by.
  static func scores(
    _ activations: FloatRows, samples: Int
  ) -> FloatRows {
    let result = FloatRows(rows: samples, columns: activations.columns)
    for sample in 0..<samples {
      sk_sizes(activations[sample], result[sample], Int32(activations.columns))
    }
    return result
  }

  /// Of every neuron, `[samples, neurons]`.
  static func activations(
    _ sketch: RowSketch, _ network: FeedForwardDescription, inputs: FloatRows, samples: Int,
    pool: WorkerPool
  ) -> FloatRows {
    let directions = sketch.bounds.last!
    let hidden = sketch.hidden
    let basis = Q8Blocks.rows(sketch.basis, order: hidden)
    let decoded = FloatRows(rows: sketch.rowCount, columns: directions)
    sketch.decode(0..<sketch.rowCount, into: decoded, pool: pool)
    var bias = [Float](repeating: 0, count: sketch.bias.count)
    sk_from_f16(sketch.bias, &bias, Int32(bias.count))
    let result = FloatRows(rows: samples, columns: network.width)
    let second = network.gated ? FeedForwardPlan.paddedNeurons(network.width) : 0
    pool.run { worker in
      let centered = FloatRows(rows: 1, columns: hidden)
      let turned = FloatRows(rows: 1, columns: directions)
      let products = FloatRows(rows: 1, columns: sketch.rowCount)
      for sample in worker.share(of: samples) {
        var constant: Float = 0
        for column in 0..<hidden {
          centered[0][column] = inputs[sample][column] - sketch.mean[column]
          constant += sketch.meanRow[column] * inputs[sample][column]
        }
        if sketch.basis.isEmpty {
          turned[0].update(from: centered[0], count: hidden)
        } else {
          basis.multiply(
            0..<directions, x: centered[0], stride: hidden, count: 1, output: turned[0],
            outputStride: directions)
        }
        decoded.multiply(
          0..<sketch.rowCount, x: turned[0], stride: directions, count: 1, output: products[0],
          outputStride: sketch.rowCount)
        let row = products[0]
        for index in 0..<sketch.rowCount { row[index] += bias[index] + constant }
        sk_activate(
          network.activation.kernel, row, network.gated ? row + second : nil, result[sample],
          Int32(network.width))
      }
    }
    return result
  }
}
