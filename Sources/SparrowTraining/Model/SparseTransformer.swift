#if Training
  package import SparrowTransformer

  /// A decoder-only transformer of tensors: the model that the engine decodes with, in a form that has gradients.
  ///
  /// It is the same configuration as the engine's, read operation by operation as `StepProgram` lists them.
  package struct SparseTransformer {
    package var configuration: ModelConfiguration
    /// By layer.
    package var networks: [NetworkMode]
    /// Products are made in this type; parameters stay in theirs.
    package var type: TensorType
    /// Layers forget their intermediate results and make them again for the backward pass.
    package var isCheckpointed = false
    /// Notes of networks with routers tell what selection loses: one more product with down each.
    package var comparesToDense = false
    /// LoRA's factor on the product of its two matrices: alpha / rank.
    package var loraScale: Float = 2
    let periods: [Tensor]

    package init(
      _ configuration: ModelConfiguration, networks: [NetworkMode]? = nil,
      type: TensorType = .float32
    ) {
      self.configuration = configuration
      self.networks = networks ?? configuration.layers.map { _ in .dense }
      self.type = type
      precondition(self.networks.count == configuration.layers.count)
      periods = configuration.rotaries.map { Tensor($0.frequencies.map { 1 / $0 }) }
    }

    /// What stands before the vocabulary head, `[batch, tokens, hidden]`, and each layer's notes, for tokens
    /// `[batch, tokens]`; of one token a row where `kept` holds those before, and takes this one's place.
    package func hidden(
      _ tokens: Tensor, _ parameters: Parameters, kept: KeyValueBlocks? = nil
    ) -> (states: Tensor, notes: [LayerNotes]) {
      let weights = LayerWeights(self, parameters, layer: nil)
      var states = weights.matrix(.tokenEmbedding).taking(tokens, axis: 0)
      if configuration.embeddingScale != 1 { states = states * configuration.embeddingScale }
      if configuration.embeddingWidth != configuration.hidden {
        states = weights.product(states, .embeddingIn)
      }
      let length = tokens.shape[1]
      if let offset = configuration.learnedPositionOffset {
        let positions = weights.matrix(.positionEmbedding)
        states =
          states
          + (kept.map { positions.taking($0.position + Tensor(integers: [Int32(offset)]), axis: 0) }
            ?? positions.slice(0, offset..<offset + length))
      }
      var notes: [LayerNotes] = []
      let block = TransformerLayer(model: self)
      for layer in configuration.layers.indices {
        let one = block.run(states, layer, parameters, kept: kept)
        states = one.states
        notes.append(one.notes)
      }
      if let norm = configuration.finalNorm { states = weights.norm(states, norm, .finalNorm) }
      if configuration.embeddingWidth != configuration.hidden {
        states = weights.product(states, .embeddingOut)
      }
      return (states, notes)
    }

    /// `[..., vocabulary]` of what `hidden` gives.
    package func logits(_ states: Tensor, _ parameters: Parameters) -> Tensor {
      let weights = LayerWeights(self, parameters, layer: nil)
      return finished(
        weights.product(states, configuration.tiedHead ? .tokenEmbedding : .head))
    }

    /// Products with the head's rows as logits: scaled and capped.
    func finished(_ products: Tensor) -> Tensor {
      var logits = products
      if configuration.logitScale != 1 { logits = logits * configuration.logitScale }
      if configuration.logitSoftcap > 0 {
        logits = (logits / configuration.logitSoftcap).tanh * configuration.logitSoftcap
      }
      return logits
    }
  }
#endif
