import SparrowCore

/// Families that read a text whole.
extension ModelConfiguration {
  static func bert(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let positions = try f.string("position_embedding_type", "absolute")
    guard positions == "absolute" else {
      throw f.unsupported("position_embedding_type", found: "'\(positions)'", expected: "absolute")
    }
    guard try !f.flag("is_decoder") else {
      throw f.unsupported("is_decoder", found: "true", expected: "false, an encoder")
    }
    let hidden = try f.count("hidden_size")
    var attention = try f.wholeAttention(hidden, "num_attention_heads")
    attention.isBidirectional = true
    let norm = NormDescription(kind: .layer, epsilon: Float(try f.number("layer_norm_eps")))
    let layer = LayerDescription(
      norm: norm, placement: .after, attention: attention,
      feedForward: FeedForwardDescription(
        width: try f.count("intermediate_size"), activation: try f.activation("hidden_act"),
        gated: false))
    return ModelConfiguration(
      architecture: "bert", hidden: hidden, vocabulary: try f.count("vocab_size"),
      embeddingWidth: hidden, contextLength: try f.count("max_position_embeddings"),
      learnedPositionOffset: 0, tokenTypes: try f.count("type_vocab_size"), embeddingNorm: norm,
      layers: try f.repeating(layer, "num_hidden_layers"), tiedHead: true)
  }
}
