internal import CSparrowKernels
internal import SparrowCore
internal import SparrowNumerics

/// What a linear predictor is to tell, by its moments with the predictor's inputs.
struct TargetMoments {
  /// `[targets]`
  var mean: [Float]
  /// Covariance of each target with the inputs, `[targets, hidden]`.
  var cross: FloatRows

  /// Pre-activations, linear in the network's own input: that of each neuron in units of its own
  /// deviation, so that all neurons count alike and 0 stays where the activation begins.
  ///
  /// `rows` are gate's (up's without a gate), `inputs` the moments of the network's input, `cross`
  /// the covariance of that input with the predictor's, `[hidden, hidden]`; nil where both are the
  /// same. Then the ridge is in both covariances, so that the weights tell what to do in directions
  /// that no text took, and one map of full rank is the weights.
  init(
    preactivationsOf rows: FloatRows, bias: UnsafePointer<Float>?, inputs: MomentSum,
    cross: FloatRows?, pool: WorkerPool
  ) {
    let hidden = rows.columns
    let own = FloatRows(LinearFit.covariance(of: inputs))
    let source = cross?.transposed() ?? own
    let inputMean = inputs.mean
    let result = FloatRows(rows: rows.rows, columns: hidden)
    let means = FloatRows(rows: 1, columns: rows.rows)
    pool.run { worker in
      let along = FloatRows(rows: 1, columns: hidden)
      for row in worker.share(of: rows.rows) {
        let weights = rows[row]
        own.multiply(
          0..<hidden, x: weights, stride: hidden, count: 1, output: along[0], outputStride: hidden)
        var variance: Float = 0
        var mean = bias?[row] ?? 0
        for column in 0..<hidden {
          variance += along[0][column] * weights[column]
          mean += inputMean[column] * weights[column]
        }
        let scale = variance > 0 ? 1 / variance.squareRoot() : 0
        source.multiply(
          0..<hidden, x: weights, stride: hidden, count: 1, output: result[row],
          outputStride: hidden)
        sk_scale(result[row], scale, result[row], Int32(hidden))
        means[0][row] = mean * scale
      }
    }
    self.cross = result
    mean = Array(means.values)
  }

  /// Sums over groups of what neurons add to the output, |activation| times |column of down|.
  ///
  /// `recorded` are |activation| with the inputs; `order` as in `FeedForwardPlan`.
  init(sizesOf recorded: CrossMoment, lengths: [Float], groupSize: Int, order: [Int32]) {
    let groups = lengths.count / groupSize
    let single = recorded.covariance()
    let means = recorded.sourceMean
    cross = FloatRows(rows: groups, columns: recorded.inputs)
    mean = Array(repeating: 0, count: groups)
    for place in 0..<groups * groupSize {
      let neuron = order.isEmpty ? place : Int(order[place])
      let group = place / groupSize
      mean[group] += means[neuron] * lengths[neuron]
      for column in 0..<recorded.inputs {
        cross[group][column] += single[neuron][column] * lengths[neuron]
      }
    }
  }
}
