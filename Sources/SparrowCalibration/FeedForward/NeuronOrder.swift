internal import SparrowCore
internal import SparrowNumerics
internal import SparrowTransformer

/// The order of neurons in which groups of neighbours belong together.
enum NeuronOrder {
  /// Neuron at each place, as `FeedForwardPlan.order`; `features` is `[neurons, columns]`.
  static func clustered(
    _ features: FloatRows, groupSize: Int, seed: UInt64, pool: WorkerPool
  ) -> [Int32] {
    BalancedClusters(points: features, size: groupSize, seed: seed, pool: pool).order
  }

  /// What makes neurons neighbours: LTE's feature, the rows of gate (arXiv 2402.06126, section 3.1,
  /// note 2), or up's without a gate.
  static func features(rowsOf network: NetworkWeights) -> FloatRows {
    let rows = network.rows
    let result = FloatRows(rows: network.description.width, columns: rows.hidden)
    rows.read(0..<result.rows, less: nil, into: result)
    return result
  }

  /// Sizes of activations over samples, of length 1 for each neuron: near where neurons fire
  /// together.
  static func features(activations: FloatRows, samples: Int) -> FloatRows {
    let result = FloatRows(rows: activations.columns, columns: samples)
    for neuron in 0..<result.rows {
      var square: Float = 0
      for sample in 0..<samples {
        let size = abs(activations[sample][neuron])
        result[neuron][sample] = size
        square += size * size
      }
      guard square > 0 else { continue }
      let scale = 1 / square.squareRoot()
      for sample in 0..<samples { result[neuron][sample] *= scale }
    }
    return result
  }
}
