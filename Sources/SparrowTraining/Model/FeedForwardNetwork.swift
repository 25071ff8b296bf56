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
    func run(_ x: Tensor, _ weights: LayerWeights) -> (Tensor, LayerNotes) {
      let shape = [x.shape[0], x.shape[1], description.width]
      // All that is done element by element is done in groups, so that it can be one pass.
      let products = kinds.map { grouped(weights.product(x, $0)) }
      var notes = LayerNotes()
      notes.input = x
      var neurons: Tensor
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
        neurons = units(products)
        let isKept = largest(neurons.reshaped(shape), size, kept, common)
        if let sketch = sketched(x, neurons.reshaped(shape), isKept, weights) {
          notes.sketchError = sketch.error
          notes.recall = sketch.recall
        }
        neurons = .where_(
          size == 1 ? isKept : isKept.expanded(-1), neurons, .zeros([], type: neurons.type))
      }
      let result = weights.product(neurons.reshaped(shape), .down)
      if comparesToDense, let factors {
        let rest = units(products.map(\.stopped), times: 1 - factors).reshaped(shape)
        notes.local = lost(weights.constant(.down).linear(rest, .down), besides: result)
      }
      return (result, notes)
    }

    /// |f_sparse - f_dense|² / |f_dense|², the mean over tokens, where `rest` is what the groups left out would add
    /// to `result`: f_dense is their sum, and needs no product of its own.
    private func lost(_ rest: Tensor, besides result: Tensor) -> Tensor {
      let dense = (result + rest).stopped.cast(.float32).squared.sum(-1)
      return (rest.cast(.float32).squared.sum(-1) / dense.maximum(1e-12)).mean()
    }

    /// `[batch, tokens, neurons]` as `[batch, tokens, groups, neurons of a group]`, where there are groups.
    private func grouped(_ x: Tensor) -> Tensor {
      guard let size = mode.groupSize, size > 1 else { return x }
      let shape = x.shape
      return x.reshaped([shape[0], shape[1], shape[2] / size, size])
    }

    /// activation(gate) · up, times the groups' factors `[batch, tokens, groups]`.
    ///
    /// It is made again in the backward pass: that reads the products once more, where keeping what lies between
    /// would write and read arrays of the same size.
    func units(_ products: [Tensor], times factors: Tensor? = nil) -> Tensor {
      let activation = description.activation
      let function = TensorFunction.checkpointed { arguments in
        [arguments.dropFirst().reduce(arguments[0].activated(activation), *)]
      }
      let factor = factors.map { [$0.cast(products[0].type).expanded(-1)] } ?? []
      return function(products + factor).first ?? products[0]
    }

    /// LTE's G, `[batch, tokens, groups]`, in float32: half precision does not tell scores near 0.5 apart.
    private func routerScores(_ x: Tensor, _ weights: LayerWeights) -> Tensor {
      let router = weights.parameters[ParameterName.router(layer)]!
      var logits = x.matmul(router.cast(x.type).transposed).cast(.float32)
      if let bias = weights.parameters[ParameterName.routerBias(layer)] { logits = logits + bias }
      return logits.sigmoid
    }

    /// Which groups top-k keeps, `[batch, tokens, groups]`, of neurons `[batch, tokens, neurons]`.
    func largest(_ neurons: Tensor, _ size: Int, _ kept: Int, _ common: Int) -> Tensor {
      let groups = description.width / size
      let scores = size == 1 ? neurons : groupSizes(neurons.stopped.absolute, size)
      let chosen = scores.slice(-1, common..<groups).isAmongLargest(kept)
      guard common > 0 else { return chosen }
      let shape = neurons.shape
      return .concatenated(
        [.full([shape[0], shape[1], common], 1, type: .bool), chosen], axis: -1)
    }

    /// Sums over groups of neighbours, `[batch, tokens, groups]`: by a product with a matrix of ones and zeros,
    /// since a GPU is slow at reducing millions of rows of a few elements.
    private func groupSizes(_ sizes: Tensor, _ size: Int) -> Tensor {
      let groups = Tensor.range(0..<description.width / size)
      let members = (groups.expanded(1) .== groups.expanded(0)).cast(sizes.type)
      return sizes.matmul(members.repeated(size, axis: 0))
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
