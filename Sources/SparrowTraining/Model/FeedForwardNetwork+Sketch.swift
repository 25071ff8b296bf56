#if Training
  import SparrowTransformer

  extension FeedForwardNetwork {
    /// What a low-rank copy of gate and up, learnt beside the model, makes of the network's input:
    /// HiRE-LR (arXiv 2402.09360, section 3.1); nil without one.
    ///
    /// The paper trains it "end to end" and leaves the loss open. Here it is the squared error of
    /// the approximate activations over the mean square of the exact ones, a scalar: errors count
    /// by what they do to sizes, so that the copy spends its rank on large activations, among which
    /// the top k is decided, and needs no threshold. The input and the exact activations are
    /// stopped, so that the model does not bend to its sketch.
    ///
    /// Recall is the part of the top k that the approximate top k holds, hence the least for any k'
    /// from k on; choosing costs many passes, and the batch's first row is enough to measure it.
    func sketched(
      _ x: Tensor, _ neurons: Tensor, _ isKept: Tensor, _ weights: LayerWeights
    ) -> (error: Tensor, recall: Tensor)? {
      guard case .topK(let size, let kept, let common) = mode,
        let down = weights.parameters[ParameterName.sketchDown(layer)],
        let up = weights.parameters[ParameterName.sketchUp(layer)]
      else { return nil }
      let turned = x.stopped.matmul(down.cast(x.type).transposed)
      let products = kinds.enumerated().map { index, kind in
        let rows = up.slice(0, index * description.width..<(index + 1) * description.width)
        let product = turned.matmul(rows.cast(x.type).transposed)
        return kind.bias.flatMap(weights.optional).map { product + $0.stopped } ?? product
      }
      let activation = description.activation
      let squares = TensorFunction.checkpointed { arguments in
        let factors = arguments.dropFirst().dropLast()
        let approximate = factors.reduce(arguments[0].activated(activation), *)
        return [(approximate - arguments[arguments.count - 1]).cast(.float32).squared]
      }
      let exact = neurons.stopped
      guard let errors = squares(products + [exact]).first else { return nil }
      let first = units(products.map { $0.slice(0, 0..<1).stopped })
      let groups = common..<description.width / size
      let wanted = isKept.slice(0, 0..<1).slice(-1, groups)
      let found = largest(first, size, kept, common).slice(-1, groups) .& wanted
      return (
        errors.mean() / exact.cast(.float32).squared.mean(),
        found.cast(.float32).sum() / wanted.cast(.float32).sum()
      )
    }
  }
#endif
