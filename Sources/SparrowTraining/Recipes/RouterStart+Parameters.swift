#if Training
  internal import SparrowCore

  extension RouterStart {
    /// Positions of a text that logits are measured on, at least one row.
    private static let positions = 4096

    /// The routers as training reads them: a group is selected where sigmoid(w x + b) is above 0.5.
    ///
    /// What fitting gave is moved to its cut and divided by its deviation, over the tokens and groups of a layer, so
    /// that scores fill 0 to 1 and the straight-through gradient s (1 - s) is neither flat nor the same for all.
    /// Runs `tokens` `[batch, tokens]` through the dense `model` once. Throws `.argument` where the logits are no
    /// numbers.
    func routers(
      _ model: SparseTransformer, _ parameters: Parameters, tokens: Tensor
    ) throws(SparrowError) -> Parameters {
      let size = tokens.shape
      let rows = min(size[0], max(1, Self.positions / size[1]))
      let notes = model.hidden(tokens.slice(0, 0..<rows), parameters).notes
      var routers = Parameters()
      for (index, layer) in layers.sorted(by: { $0.key < $1.key }) {
        let weights = Tensor(
          layer.weights, shape: [layer.bias.count, layer.weights.count / layer.bias.count])
        let bias = Tensor(layer.bias)
        let logits =
          (notes[index].input!.cast(.float32).matmul(weights.transposed) + bias).reshaped([-1])
        let deviation = try (logits - logits.mean()).squared.mean().squareRoot.value()
        guard deviation.isFinite, deviation > 0 else {
          throw SparrowError(
            .argument, field: "start", found: "logits of deviation \(deviation) in layer \(index)",
            expected: "routers whose logits differ")
        }
        let cut = try cut(layer, logits, deviation)
        routers[ParameterName.router(index)] = weights / deviation
        routers[ParameterName.routerBias(index)] = (bias - cut) / deviation
      }
      return routers
    }

    /// The logit that stands for a score of 0.5.
    private func cut(
      _ layer: Layer, _ logits: Tensor, _ deviation: Float
    ) throws(SparrowError) -> Float {
      switch layer.cut {
      case .logit(let logit): return logit
      case .part(let part):
        let place = logits.count - Int((part * Double(logits.count)).rounded())
        let sorted = logits.sorted(0)
        guard place > 0 else { return try sorted.slice(0, 0..<1).value() - deviation }
        let around = try sorted.slice(0, place - 1..<min(place + 1, logits.count)).floats()
        return around.reduce(0, +) / Float(around.count)
      }
    }
  }
#endif
