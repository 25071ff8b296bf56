extension ModelConfiguration {
  /// Every tensor that the step program of this configuration reads, with its shape `[rows, columns]`.
  var expectedWeights: [(role: WeightRole, shape: [Int], presence: WeightPresence)] {
    var list: [(role: WeightRole, shape: [Int], presence: WeightPresence)] = []
    func add(
      _ kind: WeightRole.Kind, _ shape: [Int], _ presence: WeightPresence = .required,
      layer: Int? = nil
    ) {
      list.append((WeightRole(kind, layer: layer), shape, presence))
      if let bias = kind.bias {
        list.append((WeightRole(bias, layer: layer), [shape[0]], .optional))
      }
    }

    add(.tokenEmbedding, [vocabulary, embeddingWidth])
    if let offset = learnedPositionOffset {
      add(.positionEmbedding, [contextLength + offset, hidden])
    }
    if embeddingWidth != hidden {
      add(.embeddingIn, [hidden, embeddingWidth])
      add(.embeddingOut, [embeddingWidth, hidden])
    }
    if finalNorm != nil { add(.finalNorm, [hidden]) }
    if !tiedHead { add(.head, [vocabulary, embeddingWidth]) }
    for (index, layer) in layers.enumerated() {
      let attention = layer.attention
      let queries = attention.heads * attention.headDimension
      let keys = attention.keyValueHeads * attention.headDimension
      let width = layer.feedForward.width
      add(.attentionNorm, [hidden], layer: index)
      add(.query, [queries, hidden], layer: index)
      add(.key, [keys, hidden], layer: index)
      add(.value, [keys, hidden], layer: index)
      if attention.headNorm != nil {
        add(.queryNorm, [attention.headDimension], layer: index)
        add(.keyNorm, [attention.headDimension], layer: index)
      }
      add(.output, [hidden, queries], layer: index)
      add(.feedForwardNorm, [hidden], layer: index)
      if layer.feedForward.gated { add(.gate, [width, hidden], layer: index) }
      add(.up, [width, hidden], layer: index)
      add(.down, [hidden, width], layer: index)
      if layer.placement == .around {
        add(.postAttentionNorm, [hidden], layer: index)
        add(.postFeedForwardNorm, [hidden], layer: index)
      }
    }
    return list
  }
}
