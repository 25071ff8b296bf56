#if Training
  import SparrowTransformer

  /// One layer: attention and feed-forward network with the norms around them.
  struct TransformerLayer {
    let model: SparseTransformer

    /// `states` is `[batch, tokens, hidden]`.
    func run(
      _ states: Tensor, _ layer: Int, _ parameters: Parameters
    ) -> (states: Tensor, notes: LayerNotes) {
      guard model.isCheckpointed else {
        return block(states, layer, parameters)
      }
      let names = LayerWeights.names(of: layer, in: parameters)
      var notes = LayerNotes()
      let function = TensorFunction.checkpointed { arguments in
        let own = Parameters(names: names, tensors: arguments.dropFirst())
        let (result, found) = block(arguments[0], layer, own)
        notes = found
        return [result] + found.list
      }
      let results = function([states] + names.map { parameters[$0]! })
      guard let result = results.first else { return (states, notes) }
      return (result, notes.unpacked(Array(results.dropFirst())))
    }

    private func block(
      _ states: Tensor, _ layer: Int, _ parameters: Parameters
    ) -> (Tensor, LayerNotes) {
      let description = model.configuration.layers[layer]
      let weights = LayerWeights(model, parameters, layer: layer)
      let attention = SelfAttention(model: model, description: description.attention)
      let network = FeedForwardNetwork(
        description: description.feedForward, mode: model.networks[layer], layer: layer)
      let norm = description.norm
      switch description.placement {
      case .before:
        let middle =
          states + attention.run(weights.norm(states, norm, .attentionNorm), weights)
        let (added, notes) = network.run(weights.norm(middle, norm, .feedForwardNorm), weights)
        return (middle + added, notes)
      case .after:
        let middle = weights.norm(
          states + attention.run(states, weights), norm, .attentionNorm)
        let (added, notes) = network.run(middle, weights)
        return (weights.norm(middle + added, norm, .feedForwardNorm), notes)
      case .around:
        let attended = attention.run(weights.norm(states, norm, .attentionNorm), weights)
        let middle = states + weights.norm(attended, norm, .postAttentionNorm)
        let (added, notes) = network.run(weights.norm(middle, norm, .feedForwardNorm), weights)
        return (middle + weights.norm(added, norm, .postFeedForwardNorm), notes)
      }
    }
  }
#endif
