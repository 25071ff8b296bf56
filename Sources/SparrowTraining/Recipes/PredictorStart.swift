#if Training
  internal import SparrowCalibration
  package import SparrowCore
  internal import SparrowSparsity
  internal import SparrowTransformer

  /// Low-rank predictors that calibration has fitted, or that were trained before, for training to
  /// start from.
  package struct PredictorStart: Sendable {
    /// One layer's maps.
    struct Layer: Sendable {
      let rank: Int
      /// `[rank, hidden]`, `[outputs, rank]` and `[outputs]`.
      let a: [Float]
      let b: [Float]
      let bias: [Float]
      let looksAhead: Bool
    }

    /// What scores are multiplied by to be logits.
    ///
    /// Fitted scores are pre-activations in units of their deviation, z, with 0 where a neuron
    /// begins to fire. It does with a probability of Phi(z / s), s the deviation that the maps
    /// leave unexplained, or about sigmoid(1.7 z / s): 4 is right where they explain 0.82 of the
    /// variance. A power of two, so that numbers keep their bits in the coding of an adapter. Of
    /// smooth activations and heads, scores tell sizes: there only their order is a start, and
    /// training has to find the logits.
    static let scale: Float = 4

    let part: PredictorRecipe.Part
    let layers: [Int: Layer]
    private let source: StartingAdapter

    /// Reads an adapter's folder.
    ///
    /// Throws what reading throws, and `.unsupported` where the part has no predictors or others
    /// than two maps.
    package init(_ folder: String, part: PredictorRecipe.Part) throws(SparrowError) {
      source = try StartingAdapter(folder)
      self.part = part
      let plans: [(layer: Int, name: String, plan: any LayerPlan)] =
        switch part {
        case .networks:
          source.adapter.plan.networks.map { ($0.key, SparsePlan.networkName($0.key), $0.value) }
        case .attention:
          source.adapter.plan.attention.map { ($0.key, SparsePlan.attentionName($0.key), $0.value) }
        case .head: []
        }
      guard !plans.isEmpty else {
        throw Self.refusal(folder, "layers", "no predictors of \(part.rawValue)")
      }
      var layers: [Int: Layer] = [:]
      for (index, name, plan) in plans {
        guard let maps = plan.maps, let a = maps.a else {
          throw Self.refusal(folder, name + ".predictor", plan.predictorName)
        }
        layers[index] = Layer(
          rank: a.rows, a: a.values, b: maps.b.values, bias: maps.bias,
          looksAhead: plan.lookahead)
      }
      self.layers = layers
    }

    /// Throws `.mismatch` where the predictors were fitted to other weights or do not fit the
    /// model, and `.unsupported` unless every layer has one, of single neurons.
    func check(_ model: ModelConfiguration, base: String) throws(SparrowError) {
      try source.check(model, base: base)
      for (index, layer) in model.layers.enumerated() {
        guard let outputs = part.outputs(layer) else { continue }
        let own = layers[index]?.bias.count ?? 0
        guard own == outputs else {
          throw Self.refusal(source.path, "layers.\(index)", "\(own) scores for \(outputs)")
        }
      }
    }

    /// The maps as training reads them.
    func parameters() -> Parameters {
      var parameters = Parameters()
      for (index, layer) in layers {
        parameters[ParameterName.predictorDown(index)] = Tensor(
          layer.a, shape: [layer.rank, layer.a.count / layer.rank])
        parameters[ParameterName.predictorUp(index)] =
          Tensor(layer.b, shape: [layer.bias.count, layer.rank]) * Self.scale
        parameters[ParameterName.predictorBias(index)] = Tensor(layer.bias) * Self.scale
      }
      return parameters
    }

    private static func refusal(_ file: String, _ field: String, _ found: String) -> SparrowError {
      SparrowError(
        .unsupported, file: file, field: field, found: found,
        expected: "two maps to neurons or head groups in every layer: "
          + "sparrow calibrate networks --method low-rank --every-layer")
    }
  }

  extension PredictorStart: CustomStringConvertible {
    /// A hash of all that training takes over: part of the identity of a run.
    package var description: String {
      StartingAdapter.hash(
        layers.mapValues { ("\($0.looksAhead)", [$0.a, $0.b, $0.bias]) })
    }
  }
#endif
