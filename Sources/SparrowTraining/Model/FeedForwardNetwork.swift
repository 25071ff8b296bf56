#if Training
  import SparrowTransformer

  /// A feed-forward network with the selection that its mode asks for.
  struct FeedForwardNetwork {
    let description: FeedForwardDescription
    let mode: NetworkMode
    let layer: Int

    /// `x` is `[batch, tokens, hidden]`.
    func run(_ x: Tensor, _ weights: LayerWeights) -> (Tensor, LayerNotes) {
      var neurons: Tensor
      if description.gated {
        neurons =
          weights.product(x, .gate).activated(description.activation)
          * weights.product(x, .up)
      } else {
        neurons = weights.product(x, .up).activated(description.activation)
      }
      var notes = LayerNotes()
      notes.input = x
      notes.neurons = neurons
      switch mode {
      case .dense:
        notes.activity = neurons.cast(.float32).absolute.mean()
        if description.activation.isSparse {
          notes.density = (neurons.absolute .> 0).cast(.float32).mean()
        }
      case .soft(let size):
        let scores = routerScores(x, weights)
        notes.efficiency = scores.squared.mean()
        // A score that meets tau exactly would be infinite.
        notes.separation = (1 / ((scores - NetworkMode.threshold).squared + 1e-8)).mean()
        notes.density = (scores.stopped .> NetworkMode.threshold).cast(.float32).mean()
        neurons = multiply(neurons, scores, size)
      case .hard(let size, let straightThrough):
        let scores = routerScores(x, weights)
        let hard = (scores.stopped .> NetworkMode.threshold).cast(.float32)
        notes.density = hard.mean()
        if straightThrough {
          notes.efficiency = scores.squared.mean()
          neurons = multiply(neurons, hard + (scores - scores.stopped), size)
        } else {
          neurons = multiply(neurons, hard, size)
        }
      case .topK(let size, let kept, let common):
        neurons = topK(neurons, size, kept, common)
      }
      return (weights.product(neurons, .down), notes)
    }

    /// LTE's G, `[batch, tokens, groups]`, in float32: half precision does not tell scores near 0.5 apart.
    private func routerScores(_ x: Tensor, _ weights: LayerWeights) -> Tensor {
      let router = weights.parameters[ParameterName.router(layer)]!
      var logits = x.matmul(router.cast(x.type).transposed).cast(.float32)
      if let bias = weights.parameters[ParameterName.routerBias(layer)] { logits = logits + bias }
      return logits.sigmoid
    }

    /// Every neuron times its group's factor, `[batch, tokens, groups]`.
    private func multiply(_ neurons: Tensor, _ factors: Tensor, _ size: Int) -> Tensor {
      let shape = neurons.shape
      let grouped = neurons.reshaped([shape[0], shape[1], shape[2] / size, size])
      return (grouped * factors.cast(neurons.type).expanded(-1)).reshaped(shape)
    }

    private func topK(_ neurons: Tensor, _ size: Int, _ kept: Int, _ common: Int) -> Tensor {
      let shape = neurons.shape
      let groups = shape[2] / size
      let scores =
        size == 1
        ? neurons
        : neurons.stopped.absolute.reshaped([shape[0], shape[1], groups, size]).sum(-1)
      var isKept = scores.slice(-1, common..<groups).isAmongLargest(kept)
      if common > 0 {
        let always = Tensor.full([shape[0], shape[1], common], 1, type: .bool)
        isKept = .concatenated([always, isKept], axis: -1)
      }
      return size == 1 ? neurons * isKept.cast(neurons.type) : multiply(neurons, isKept, size)
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
