extension ModelConfiguration {
  /// Every tensor that the step program of this configuration reads, with its shape `[rows,
  /// columns]`.
  package var expectedWeights: [(role: WeightRole, shape: [Int], presence: WeightPresence)] {
    var list: [(role: WeightRole, shape: [Int], presence: WeightPresence)] = []
    func add(
      _ kind: WeightRole.Kind, _ shape: [Int], hasBias: Bool = true, layer: Int? = nil
    ) {
      list.append((WeightRole(kind, layer: layer), shape, .required))
      if hasBias, let bias = kind.bias {
        list.append((WeightRole(bias, layer: layer), [shape[0]], .optional))
      }
    }
    func add(_ kind: WeightRole.Kind, _ norm: NormDescription, layer: Int? = nil) {
      add(kind, [hidden], hasBias: norm.kind == .layer, layer: layer)
    }

    add(.tokenEmbedding, [vocabulary, embeddingWidth])
    if let offset = learnedPositionOffset {
      add(.positionEmbedding, [contextLength + offset, hidden])
    }
    if tokenTypes > 0 { add(.tokenTypeEmbedding, [tokenTypes, hidden]) }
    if let embeddingNorm { add(.embeddingNorm, embeddingNorm) }
    if embeddingWidth != hidden {
      add(.embeddingIn, [hidden, embeddingWidth])
      add(.embeddingOut, [embeddingWidth, hidden])
    }
    if let finalNorm { add(.finalNorm, finalNorm) }
    if !tiedHead { add(.head, [vocabulary, embeddingWidth]) }
    for (index, layer) in layers.enumerated() {
      let attention = layer.attention
      let queries = attention.heads * attention.headDimension
      let keys = attention.keyValueHeads * attention.headDimension
      let width = layer.feedForward.width
      if layer.placement != .result { add(.attentionNorm, layer.norm, layer: index) }
      add(.query, [queries, hidden], layer: index)
      if attention.isGated { add(.queryGate, [queries, hidden], layer: index) }
      add(.key, [keys, hidden], layer: index)
      add(.value, [keys, hidden], layer: index)
      if attention.headNorm != nil {
        let own = attention.headNormSpan == .head ? attention.headDimension : nil
        add(.queryNorm, [own ?? queries], layer: index)
        add(.keyNorm, [own ?? keys], layer: index)
      }
      let isParallel = layer.placement == .parallel || layer.placement == .shared
      if !isParallel { add(.output, [hidden, queries], layer: index) }
      if layer.placement != .result && layer.placement != .shared {
        add(.feedForwardNorm, layer.norm, layer: index)
      }
      if layer.feedForward.gated { add(.gate, [width, hidden], layer: index) }
      add(.up, [width, hidden], layer: index)
      add(.down, [hidden, width], layer: index)
      if isParallel { add(.output, [hidden, queries], layer: index) }
      if layer.placement.normsResults {
        add(.postAttentionNorm, layer.norm, layer: index)
        add(.postFeedForwardNorm, layer.norm, layer: index)
      }
      if layer.isScaled { add(.layerScale, [1], layer: index) }
    }
    return list
  }
}
