#if Training
  /// AdamW (Loshchilov and Hutter 2019) with moments in float32 and clipping of the gradients'
  /// global norm.
  package struct AdamW: Sendable {
    package var beta1: Float = 0.9
    package var beta2: Float = 0.95
    package var epsilon: Float = 1e-8
    /// On matrices only: vectors (norms, biases) do not decay.
    package var weightDecay: Float = 0
    /// The norm to which larger gradients are shortened; 0 for none.
    package var clip: Float = 1

    package init() {}

    /// First and second moments, zero at the start.
    package func start(_ parameters: Parameters) -> (first: Parameters, second: Parameters) {
      let zeros = parameters.mapped { Tensor.zeros($1.shape) }
      return (zeros, zeros)
    }

    /// The norm of all gradients together, as a scalar.
    package static func norm(_ gradients: Parameters) -> Tensor {
      gradients.tensors.map { $0.cast(.float32).squared.sum() }
        .reduce(Tensor(0)) { $0 + $1 }.squareRoot
    }

    /// One step; `rate` and `step` (from 1) are scalars, so that a compiled step serves all of
    /// them. A parameter's rate is `factor` of its name times `rate`.
    package func update(
      _ parameters: Parameters, _ gradients: Parameters, first: Parameters, second: Parameters,
      norm: Tensor, rate: Tensor, factor rateFactor: (String) -> Float = { _ in 1 },
      step: Tensor
    ) -> (parameters: Parameters, first: Parameters, second: Parameters) {
      let factor = clip > 0 ? (clip / (norm + 1e-6)).minimum(1) : Tensor(1)
      let correction1 = 1 - Tensor(beta1).power(step)
      let correction2 = 1 - Tensor(beta2).power(step)
      var result = (parameters: parameters, first: first, second: second)
      for name in parameters.names {
        let gradient = gradients[name]!.cast(.float32) * factor
        let m = first[name]! * beta1 + gradient * (1 - beta1)
        let v = second[name]! * beta2 + gradient.squared * (1 - beta2)
        let own = rateFactor(name)
        let rate = own == 1 ? rate : rate * own
        var value = parameters[name]!
        if weightDecay > 0, value.shape.count > 1 { value = value - value * (rate * weightDecay) }
        let direction = (m / correction1) / ((v / correction2).squareRoot + epsilon)
        result.parameters[name] = value - direction * rate
        result.first[name] = m
        result.second[name] = v
      }
      return result
    }
  }
#endif
