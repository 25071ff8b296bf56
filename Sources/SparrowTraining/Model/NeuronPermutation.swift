#if Training
  package import SparrowCore
  internal import SparrowNumerics
  package import SparrowTransformer

  extension Parameters {
    /// The order of a layer's neurons in which groups of neighbours have alike rows of gate (of up
    /// without a gate): LTE's balanced k-means (arXiv 2402.06126, section 3.1).
    package func neuronOrder(
      _ layer: Int, _ network: FeedForwardDescription, groupSize: Int, seed: UInt64,
      pool: WorkerPool
    ) throws(SparrowError) -> [Int32] {
      let kind: WeightRole.Kind = network.gated ? .gate : .up
      let rows = try self[WeightRole(kind, layer: layer).parameterName]!.floats()
      return BalancedClusters(
        points: FloatRows(rows, columns: rows.count / network.width), size: groupSize, seed: seed,
        pool: pool
      ).order
    }

    /// Puts a layer's neurons into another order, which changes nothing of what the layer
    /// computes.
    package mutating func permute(_ layer: Int, order: [Int32]) {
      let indices = Tensor(integers: order)
      for kind in [WeightRole.Kind.gate, .gateBias, .up, .upBias] {
        let name = WeightRole(kind, layer: layer).parameterName
        self[name] = self[name]?.taking(indices, axis: 0)
      }
      let down = WeightRole(.down, layer: layer).parameterName
      self[down] = self[down]!.taking(indices, axis: 1)
    }
  }
#endif
