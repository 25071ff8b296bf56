#if Training
  import SparrowTransformer

  /// One layer's parameters in the type of the computation, with what is done with them.
  struct LayerWeights {
    let model: SparseTransformer
    let parameters: Parameters
    let layer: Int?

    init(_ model: SparseTransformer, _ parameters: Parameters, layer: Int?) {
      self.model = model
      self.parameters = parameters
      self.layer = layer
    }

    func optional(_ kind: WeightRole.Kind) -> Tensor? {
      parameters[WeightRole(kind, layer: layer).parameterName]?.cast(model.type)
    }

    func matrix(_ kind: WeightRole.Kind) -> Tensor {
      guard let tensor = optional(kind) else { preconditionFailure("no \(kind) of \(layer ?? -1)") }
      return tensor
    }

    /// The weights of one kind, as constants.
    func constant(_ kind: WeightRole.Kind) -> LayerWeights {
      let name = WeightRole(kind, layer: layer).parameterName
      let own = parameters.filtered { $0.hasPrefix(name) }
      return LayerWeights(model, own.mapped { $1.stopped }, layer: layer)
    }

    /// x W^T + bias, with LoRA's x A^T B^T where the parameters have it.
    func product(_ x: Tensor, _ kind: WeightRole.Kind) -> Tensor {
      let y = linear(x, kind)
      return kind.bias.flatMap(optional).map { y + $0 } ?? y
    }

    /// `product` without bias.
    func linear(_ x: Tensor, _ kind: WeightRole.Kind) -> Tensor {
      var y = x.matmul(matrix(kind).transposed)
      let name = WeightRole(kind, layer: layer).parameterName
      if let down = parameters[ParameterName.down(name)],
        let up = parameters[ParameterName.up(name)]
      {
        let update = x.matmul(down.cast(model.type).transposed)
          .matmul(up.cast(model.type).transposed)
        y = y + update * model.loraScale
      }
      return y
    }

    /// A norm over the last axis; without a kind it has no weight.
    func norm(_ x: Tensor, _ norm: NormDescription, _ kind: WeightRole.Kind?) -> Tensor {
      var weight = kind.map(matrix)
      if norm.weightOffset != 0 { weight = weight.map { $0 + norm.weightOffset } }
      let width = x.shape[x.shape.count - 1]
      if let own = weight, own.count != width {
        // Heads with weights of their own.
        return self.norm(x, norm, nil) * own.reshaped([own.count / width, width])
      }
      switch norm.kind {
      case .rms: return x.rmsNorm(weight, epsilon: norm.epsilon)
      case .layer:
        return x.layerNorm(weight, kind?.bias.flatMap(optional), epsilon: norm.epsilon)
      }
    }

    /// The names of the layer's parameters.
    static func names(of layer: Int, in parameters: Parameters) -> [String] {
      let prefix = ParameterName.of("", layer)
      return parameters.names.filter { $0.hasPrefix(prefix) }
    }
  }
#endif
