#if Training
  internal import SparrowCore

  extension RouterStart {
    /// Positions of a text that logits are measured on, at least one row.
    private static let positions = 4096

    /// The routers as training reads them: a group is selected where sigmoid(w x + b) is above 0.5.
    ///
    /// What fitting gave is moved to its cut and divided by its deviation, over the tokens and
    /// groups of a layer, so that scores fill 0 to 1 and the straight-through gradient s (1 - s) is
    /// neither flat nor the same for all. The deviation is half the distance of the quantiles that
    /// lie one deviation around a normal distribution's middle: a few tokens of huge activations,
    /// as at a text's start, count no more than others. Runs `tokens` `[batch, tokens]` through the
    /// dense `model` once. Throws `.argument` where the logits are no numbers.
    func routers(
      _ model: SparseTransformer, _ parameters: Parameters, tokens: Tensor
    ) throws(SparrowError) -> Parameters {
      let size = tokens.shape
      let rows = min(size[0], max(1, Self.positions / size[1]))
      let notes = model.run(tokens.slice(0, 0..<rows), parameters).notes
      var routers = Parameters()
      for (index, layer) in layers.sorted(by: { $0.key < $1.key }) {
        let weights = Tensor(
          layer.weights, shape: [layer.bias.count, layer.weights.count / layer.bias.count])
        let bias = Tensor(layer.bias)
        let logits = try (notes[index].input!.cast(.float32).matmul(weights.transposed) + bias)
          .floats().sorted()
        func quantile(_ part: Double) -> Float { logits[Int(part * Double(logits.count - 1))] }
        let deviation = (quantile(0.841) - quantile(0.159)) / 2
        guard deviation.isFinite, deviation > 0 else {
          throw SparrowError(
            .argument, field: "start", found: "logits of deviation \(deviation) in layer \(index)",
            expected: "routers whose logits differ")
        }
        let cut = layer.cut(of: logits, deviation)
        routers[ParameterName.router(index)] = weights / deviation
        routers[ParameterName.routerBias(index)] = (bias - cut) / deviation
      }
      return routers
    }
  }
#endif
