#if Training
  internal import SparrowBlocks
  internal import SparrowCore
  internal import SparrowSparsity
  internal import SparrowTransformer

  /// Low-rank updates of matrices (Hu et al. 2021, arXiv 2106.09685): W + alpha / rank * B A, alpha
  /// = 2 rank.
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

    /// Trained factors as an adapter keeps them, their neurons in the base's order again.
    static func updates(
      _ parameters: Parameters, orders: [[Int32]], _ model: ModelConfiguration
    ) throws(SparrowError) -> [WeightRole: LowRankUpdate] {
      var updates: [WeightRole: LowRankUpdate] = [:]
      for (layer, description) in model.layers.enumerated() {
        for role in kinds.map({ WeightRole($0, layer: layer) }) {
          guard var down = parameters[ParameterName.down(role.parameterName)],
            var up = parameters[ParameterName.up(role.parameterName)]
          else { continue }
          if orders.indices.contains(layer) {
            var places = [Int32](repeating: 0, count: orders[layer].count)
            for (place, neuron) in orders[layer].enumerated() { places[Int(neuron)] = Int32(place) }
            let back = Tensor(integers: places)
            switch role.kind {
            case .gate, .up: up = up.taking(back, axis: 0)
            case .down: down = down.taking(back, axis: 1)
            default: break
            }
          }
          updates[role] = LowRankUpdate(a: try down.half(), b: try up.half(), scale: scale)
          if role.kind == .key, description.attention.valuesAreKeys {
            updates[WeightRole(.value, layer: layer)] = updates[role]
          }
        }
      }
      return updates
    }

    package static func isFactor(_ name: String) -> Bool {
      name.hasSuffix(".loraA") || name.hasSuffix(".loraB")
    }
  }

  extension Tensor {
    /// A matrix as adapters keep it, in float16.
    func half() throws(SparrowError) -> PredictorMatrix {
      PredictorMatrix(
        rows: shape[0], columns: shape[1], type: .f16, bytes: try cast(.float16).bytes())
    }
  }
#endif
