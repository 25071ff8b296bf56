#if Training
  internal import SparrowTransformer

  /// Low-rank updates of matrices (Hu et al. 2021, arXiv 2106.09685): W + alpha / rank * B A, alpha = 2 rank.
  package enum LoRA {
    package static let scale: Float = 2

    /// Matrices that get an update: all of attention and of the feed-forward networks.
    private static let kinds: [WeightRole.Kind] = [
      .query, .key, .value, .output, .gate, .up, .down,
    ]

    /// A random and B zero, so that the model starts as it is.
    package static func start(
      _ parameters: Parameters, layers: Int, rank: Int, seed: UInt64
    ) -> Parameters {
      var factors: [String: Tensor] = [:]
      for layer in 0..<layers {
        for (index, kind) in kinds.enumerated() {
          let name = WeightRole(kind, layer: layer).parameterName
          guard let matrix = parameters[name] else { continue }
          let shape = matrix.shape
          let key = Tensor.randomKey(seed &+ UInt64(layer * kinds.count + index))
          factors[ParameterName.down(name)] =
            Tensor.normal([rank, shape[1]], key: key) / Float(shape[1]).squareRoot()
          factors[ParameterName.up(name)] = Tensor.zeros([shape[0], rank])
        }
      }
      return Parameters(factors)
    }

    package static func isFactor(_ name: String) -> Bool {
      name.hasSuffix(".loraA") || name.hasSuffix(".loraB")
    }
  }
#endif
