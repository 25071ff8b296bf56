#if Training
  internal import SparrowTransformer

  /// What predictors of a model's layers shall say: 1 where a token needs a neuron or a head group,
  /// else 0.
  struct PredictionLabels {
    let configuration: ModelConfiguration
    let parameters: Parameters

    init(_ configuration: ModelConfiguration, _ parameters: Parameters) {
      self.configuration = configuration
      self.parameters = parameters
    }

    private func matrix(_ kind: WeightRole.Kind, _ layer: Int) -> Tensor {
      parameters[WeightRole(kind, layer: layer).parameterName]!.cast(.float32)
    }

    /// `[batch, tokens, width]`
    func neurons(_ layer: Int, _ notes: LayerNotes, density: Double) -> Tensor {
      let network = configuration.layers[layer].feedForward
      let sizes = notes.neurons!.cast(.float32).absolute
      if network.activation.isSparse { return (sizes .> 0).cast(.float32) }
      let weighted = sizes * matrix(.down, layer).squared.sum(0).squareRoot
      let kept = max(1, Int((Double(network.width) * density).rounded()))
      return weighted.isAmongLargest(kept).cast(.float32)
    }

    /// `[batch, tokens, groups]`
    func headGroups(_ layer: Int, _ notes: LayerNotes, density: Double) -> Tensor {
      let lengths = headLengths(layer, notes)
      let groups = configuration.layers[layer].attention.keyValueHeads
      let kept = min(max(1, Int((density * Double(groups)).rounded())), groups - 1)
      return lengths.isAmongLargest(kept).cast(.float32)
    }

    /// The length of what each head group adds to attention's output, |W o|, `[batch, tokens,
    /// groups]`: from W^T W, as calibration has it.
    func headLengths(_ layer: Int, _ notes: LayerNotes) -> Tensor {
      let heads = notes.heads!.cast(.float32)
      let size = heads.shape
      let groups = configuration.layers[layer].attention.keyValueHeads
      let width = size[2] / groups
      let columns = matrix(.output, layer).reshaped([-1, groups, width])
      let inner = columns.transposed([1, 2, 0]).matmul(columns.transposed([1, 0, 2]))
      let results = heads.reshaped([-1, groups, width]).transposed([1, 0, 2])
      let squares = (results.matmul(inner) * results).sum(-1).maximum(0)
      return squares.squareRoot.transposed.reshaped([size[0], size[1], groups])
    }
  }
#endif
