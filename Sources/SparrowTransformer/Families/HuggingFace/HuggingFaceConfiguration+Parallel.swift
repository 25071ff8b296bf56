import SparrowCore

/// Families whose queries, keys and values are one tensor that goes by heads.
extension ModelConfiguration {
  static func falcon(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let hidden = try f.count("hidden_size")
    let heads = try f.count("num_attention_heads")
    let head = try f.quotient(hidden, heads, "num_attention_heads")
    let context = try f.count("max_position_embeddings")
    guard try !f.flag("alibi") else {
      throw f.unsupported(
        "alibi", found: "true: scores by distance", expected: "false, positions that turn")
    }
    let isNew = try f.flag("new_decoder_architecture")
    var keyValueHeads = heads
    if isNew {
      keyValueHeads = try f.count("num_kv_heads", heads)
    } else if try f.flag("multi_query") {
      keyValueHeads = 1
    }
    guard heads % keyValueHeads == 0 else {
      throw f.error(
        "num_kv_heads", found: "\(keyValueHeads)", expected: "a divisor of \(heads) heads")
    }
    var placement = LayerDescription.NormPlacement.before
    if isNew {
      placement = try f.count("num_ln_in_parallel_attn", 2) == 2 ? .parallel : .shared
    } else if try f.flag("parallel_attn") {
      placement = .shared
    }
    let norm = NormDescription(kind: .layer, epsilon: Float(try f.number("layer_norm_epsilon")))
    let layer = LayerDescription(
      norm: norm, placement: placement,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: keyValueHeads, headDimension: head,
        scale: inverseRoot(Double(head)),
        rotary: try f.rotary(head: head, contextLength: context)),
      feedForward: FeedForwardDescription(
        width: try f.count("ffn_hidden_size", 4 * hidden),
        activation: try f.activation("activation"), gated: false))
    return ModelConfiguration(
      architecture: "falcon", hidden: hidden, vocabulary: try f.count("vocab_size"),
      embeddingWidth: hidden, contextLength: context,
      layers: try f.repeating(layer, "num_hidden_layers"), finalNorm: norm,
      tiedHead: try f.flag("tie_word_embeddings"))
  }

  /// GPT-NeoX and Pythia.
  static func gptNeoX(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let hidden = try f.count("hidden_size")
    let heads = try f.count("num_attention_heads")
    let head = try f.quotient(hidden, heads, "num_attention_heads")
    let context = try f.count("max_position_embeddings")
    let norm = NormDescription(kind: .layer, epsilon: Float(try f.number("layer_norm_eps")))
    let layer = LayerDescription(
      norm: norm, placement: try f.flag("use_parallel_residual") ? .parallel : .before,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: heads, headDimension: head, scale: inverseRoot(Double(head)),
        rotary: try f.rotary(
          head: head, contextLength: context, part: try f.number("rotary_pct", 0.25))),
      feedForward: FeedForwardDescription(
        width: try f.count("intermediate_size"), activation: try f.activation("hidden_act"),
        gated: false))
    return ModelConfiguration(
      architecture: "gptneox", hidden: hidden, vocabulary: try f.count("vocab_size"),
      embeddingWidth: hidden, contextLength: context,
      layers: try f.repeating(layer, "num_hidden_layers"), finalNorm: norm,
      tiedHead: try f.flag("tie_word_embeddings"))
  }
}
