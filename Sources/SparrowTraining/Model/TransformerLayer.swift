#if Training
  import SparrowTransformer

  /// One layer: attention and feed-forward network with the norms around them.
  struct TransformerLayer {
    let model: SparseTransformer

    /// `states` is `[batch, tokens, hidden]`, with one token where `kept` holds those before.
    func run(
      _ states: Tensor, _ layer: Int, _ parameters: Parameters, kept: KeyValueBlocks? = nil
    ) -> (states: Tensor, notes: LayerNotes) {
      guard model.isCheckpointed, kept == nil else {
        return block(states, layer, parameters, kept)
      }
      let names = LayerWeights.names(of: layer, in: parameters)
      var notes = LayerNotes()
      let function = TensorFunction.checkpointed { arguments in
        let own = Parameters(names: names, tensors: arguments.dropFirst())
        let (result, found) = block(arguments[0], layer, own, nil)
        notes = found
        return [result] + found.list
      }
      let results = function([states] + names.map { parameters[$0]! })
      guard let result = results.first else { return (states, notes) }
      return (result, notes.unpacked(Array(results.dropFirst())))
    }

    private func block(
      _ states: Tensor, _ layer: Int, _ parameters: Parameters, _ kept: KeyValueBlocks?
    ) -> (Tensor, LayerNotes) {
      let description = model.configuration.layers[layer]
      let weights = LayerWeights(model, parameters, layer: layer)
      let attention = SelfAttention(model: model, description: description.attention)
      let network = FeedForwardNetwork(
        description: description.feedForward, mode: model.networks[layer], layer: layer,
        comparesToDense: model.comparesToDense)
      let norm = description.norm
      let placement = description.placement
      let input =
        placement == .after || placement == .result
        ? states : weights.norm(states, norm, .attentionNorm)
      let (attended, heads) = attention.run(input, weights, kept: kept)
      let middle: Tensor
      var result: Tensor
      var notes: LayerNotes
      switch placement {
      case .before:
        middle = states + attended
        (result, notes) = network.run(weights.norm(middle, norm, .feedForwardNorm), weights)
        result = middle + result
      case .after:
        middle = weights.norm(states + attended, norm, .attentionNorm)
        (result, notes) = network.run(middle, weights)
        result = weights.norm(middle + result, norm, .feedForwardNorm)
      case .around:
        middle = states + weights.norm(attended, norm, .postAttentionNorm)
        (result, notes) = network.run(weights.norm(middle, norm, .feedForwardNorm), weights)
        result = middle + weights.norm(result, norm, .postFeedForwardNorm)
      case .result:
        middle = states + weights.norm(attended, norm, .postAttentionNorm)
        (result, notes) = network.run(middle, weights)
        result = middle + weights.norm(result, norm, .postFeedForwardNorm)
      case .parallel, .shared:
        let own = placement == .shared ? input : weights.norm(states, norm, .feedForwardNorm)
        (result, notes) = network.run(own, weights)
        result = states + result + attended
      }
      notes.attentionInput = input
      notes.heads = heads
      return (result, notes)
    }
  }
#endif
