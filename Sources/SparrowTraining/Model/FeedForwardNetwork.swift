#if Training
  import SparrowTransformer

  /// A feed-forward network with the selection that its mode asks for.
  struct FeedForwardNetwork {
    let description: FeedForwardDescription
    let mode: NetworkMode
    let layer: Int
    /// Notes tell what the selection loses of the dense result.
    var comparesToDense = false

    /// The matrices whose products make the neurons.
    var kinds: [WeightRole.Kind] { description.gated ? [.gate, .up] : [.up] }

    /// `x` is `[batch, tokens, hidden]`.
    func run(_ x: Tensor, _ weights: LayerWeights, _ notes: inout LayerNotes) -> Tensor {
      let products = kinds.map { weights.product(x, $0) }
      notes.input = x
      let neurons: Tensor
      // The groups' factors, where routers learn from them.
      var factors: Tensor?
      switch mode {
      case .dense:
        neurons = units(products)
        notes.neurons = neurons
        notes.activity = neurons.cast(.float32).absolute.mean()
        if description.activation.isSparse {
          notes.density = (neurons.absolute .> 0).cast(.float32).mean()
        }
      case .soft:
        let scores = routerScores(x, weights)
        notes.efficiency = scores.squared.mean()
        // A score that meets tau exactly would be infinite.
        notes.separation = (1 / ((scores - NetworkMode.threshold).squared + 1e-8)).mean()
        notes.density = (scores.stopped .> NetworkMode.threshold).cast(.float32).mean()
        factors = scores
        neurons = units(products, times: scores)
      case .hard(_, let straightThrough):
        let scores = routerScores(x, weights)
        let hard = (scores.stopped .> NetworkMode.threshold).cast(.float32)
        notes.density = hard.mean()
        if straightThrough {
          notes.efficiency = scores.squared.mean()
          let gates = hard + (scores - scores.stopped)
          factors = gates
          neurons = units(products, times: gates)
        } else {
          neurons = units(products, times: hard)
        }
      case .topK(let size, let kept, let common):
        let all = units(products)
        let isKept = largest(all, size, kept, common)
        if let sketch = sketched(x, all, isKept, weights) {
          notes.sketchError = sketch.error
          notes.recall = sketch.recall
        }
        neurons = .where_(
          size == 1 ? isKept : spread(isKept.cast(all.type)) .> 0, all, .zeros([], type: all.type))
      }
      let result = weights.product(neurons, .down)
      if comparesToDense, let factors {
        let rest = units(products.map(\.stopped), times: 1 - factors)
        notes.local = lost(weights.constant(.down).linear(rest, .down), besides: result)
      }
      return result
    }

    /// |f_sparse - f_dense|² / |f_dense|², the mean over tokens, where `rest` is what the groups
    /// left out would add to `result`: f_dense is their sum, and needs no product of its own.
    private func lost(_ rest: Tensor, besides result: Tensor) -> Tensor {
      let dense = (result + rest).stopped.cast(.float32).squared.sum(-1)
      return (rest.cast(.float32).squared.sum(-1) / dense.maximum(1e-12)).mean()
    }

    /// activation(gate) · up, times the groups' factors `[batch, tokens, groups]`.
    ///
    /// It is made again in the backward pass: that reads the products once more, where keeping what
    /// lies between would write and read arrays of the same size.
    func units(_ products: [Tensor], times factors: Tensor? = nil) -> Tensor {
      let activation = description.activation
      let function = TensorFunction.checkpointed { arguments in
        [arguments.dropFirst().reduce(arguments[0].activated(activation), *)]
      }
      let factor = factors.map { [spread($0.cast(products[0].type))] } ?? []
      return function(products + factor).first ?? products[0]
    }

    /// LTE's G, `[batch, tokens, groups]`, in float32: half precision does not tell scores near 0.5
    /// apart.
    private func routerScores(_ x: Tensor, _ weights: LayerWeights) -> Tensor {
      let router = weights.parameters[ParameterName.router(layer)]!
      var logits = x.matmul(router.cast(x.type).transposed).cast(.float32)
      if let bias = weights.parameters[ParameterName.routerBias(layer)] { logits = logits + bias }
      return logits.sigmoid
    }

    /// Which groups top-k keeps, `[batch, tokens, groups]`, of neurons `[batch, tokens, neurons]`.
    func largest(_ neurons: Tensor, _ size: Int, _ kept: Int, _ common: Int) -> Tensor {
      let groups = description.width / size
      let scores = size == 1 ? neurons : neurons.stopped.absolute.matmul(members(neurons.type))
      let chosen = scores.slice(-1, common..<groups).isAmongLargest(kept)
      guard common > 0 else { return chosen }
      let shape = neurons.shape
      return .concatenated(
        [.full([shape[0], shape[1], common], 1, type: .bool), chosen], axis: -1)
    }

    /// What groups have, `[batch, tokens, groups]`, given to each of their neurons, `[batch,
    /// tokens, neurons]`.
    private func spread(_ x: Tensor) -> Tensor { x.matmul(members(x.type).transposed) }

    /// Which neuron is of which group, `[neurons, groups]` of ones and zeros.
    ///
    /// A product with it sums over groups, one with its transpose gives to all neurons what their
    /// group has, and each is the other's gradient: a GPU is slow at reducing millions of rows of a
    /// few elements.
    private func members(_ type: TensorType) -> Tensor {
      let size = mode.groupSize ?? 1
      let groups = Tensor.range(0..<description.width / size)
      return (groups.expanded(1) .== groups.expanded(0)).cast(type).repeated(size, axis: 0)
    }
  }

  extension Tensor {
    func activated(_ activation: Activation) -> Tensor {
      switch activation {
      case .relu: maximum(0)
      case .reluSquared: maximum(0).squared
      case .silu: self * sigmoid
      case .gelu: self * ((self * Float(0.5).squareRoot()).errorFunction + 1) * 0.5
      case .geluTanh:
        self * 0.5
          * (((self + self.squared * self * 0.044715) * Float(2 / Double.pi).squareRoot()).tanh + 1)
      }
    }
  }
#endif
