/// What a tensor is for, whatever a checkpoint calls it.
public struct WeightRole: Hashable, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    case tokenEmbedding, positionEmbedding, tokenTypeEmbedding, embeddingNorm, embeddingNormBias
    case embeddingIn, embeddingOut
    case finalNorm, finalNormBias, head
    case attentionNorm, attentionNormBias
    case query, queryBias, queryGate, queryGateBias, key, keyBias, value, valueBias
    case queryNorm, keyNorm
    case output, outputBias
    case postAttentionNorm
    case feedForwardNorm, feedForwardNormBias
    case gate, gateBias, up, upBias, down, downBias
    case postFeedForwardNorm
    case layerScale
  }

  public let kind: Kind
  /// nil for tensors of the whole model.
  public let layer: Int?

  public init(_ kind: Kind, layer: Int? = nil) {
    self.kind = kind
    self.layer = layer
  }

  public var description: String {
    layer.map { "layer \($0) \(kind.rawValue)" } ?? kind.rawValue
  }
}

extension WeightRole.Kind {
  /// The bias that may stand beside this matrix or norm weight.
  public var bias: WeightRole.Kind? {
    switch self {
    case .embeddingNorm: .embeddingNormBias
    case .finalNorm: .finalNormBias
    case .attentionNorm: .attentionNormBias
    case .feedForwardNorm: .feedForwardNormBias
    case .query: .queryBias
    case .queryGate: .queryGateBias
    case .key: .keyBias
    case .value: .valueBias
    case .output: .outputBias
    case .gate: .gateBias
    case .up: .upBias
    case .down: .downBias
    default: nil
    }
  }

  /// Multiplies what a norm has normed.
  package var isNormWeight: Bool {
    switch self {
    case .embeddingNorm, .finalNorm, .attentionNorm, .feedForwardNorm, .queryNorm, .keyNorm,
      .postAttentionNorm, .postFeedForwardNorm:
      true
    default: false
    }
  }
}

extension ModelConfiguration {
  /// The matrix that computes logits: the head's own or the token embedding.
  public var headRole: WeightRole { WeightRole(tiedHead ? .tokenEmbedding : .head) }
}
