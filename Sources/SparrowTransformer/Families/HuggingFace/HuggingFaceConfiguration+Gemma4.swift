import SparrowCore

extension ModelConfiguration {
  /// Gemma 4's text model where its layers are dense, have keys and values of their own and no
  /// inputs of their own.
  static func gemma4(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    try f.refuseGemma4Extras()
    let hidden = try f.count("hidden_size")
    let heads = try f.count("num_attention_heads")
    let context = try f.count("max_position_embeddings")
    let norm = NormDescription(kind: .rms, epsilon: Float(try f.number("rms_norm_eps")))
    let sharesKeys = try f.flag("attention_k_eq_v")
    func attention(_ kind: LayerKind) throws(SparrowError) -> AttentionDescription {
      let isGlobal = kind == .fullAttention
      let head = isGlobal ? try f.count("global_head_dim", 512) : try f.count("head_dim")
      var count = try f.count("num_key_value_heads")
      if isGlobal, sharesKeys { count = try f.count("num_global_key_value_heads", count) }
      guard heads % count == 0 else {
        throw f.error(
          "num_key_value_heads", found: "\(count)", expected: "a divisor of \(heads) heads")
      }
      return AttentionDescription(
        heads: heads, keyValueHeads: count, headDimension: head, scale: 1, headNorm: norm,
        valueNorm: norm, valuesAreKeys: isGlobal && sharesKeys,
        rotary: try f.gemma4Rotary(head: head, contextLength: context, kind: kind))
    }
    let layer = LayerDescription(
      norm: norm, placement: .around, attention: try attention(.fullAttention),
      feedForward: FeedForwardDescription(
        width: try f.count("intermediate_size"), activation: try f.activation("hidden_activation"),
        gated: true), isScaled: true)
    var layers = try f.repeating(layer, "num_hidden_layers")
    try f.setWindows(of: &layers)
    let local = try attention(.slidingAttention)
    for index in layers.indices where layers[index].attention.window > 0 {
      let window = layers[index].attention.window
      layers[index].attention = local
      layers[index].attention.window = window
    }
    return ModelConfiguration(
      architecture: "gemma4", hidden: hidden, vocabulary: try f.count("vocab_size"),
      embeddingWidth: hidden, embeddingScale: Float(Double(hidden).squareRoot()),
      contextLength: context, layers: layers, finalNorm: norm,
      tiedHead: try f.flag("tie_word_embeddings"),
      logitSoftcap: Float(try f.number("final_logit_softcapping", 0)))
  }
}

extension HuggingFaceFields {
  fileprivate func refuseGemma4Extras() throws(SparrowError) {
    for (field, reason) in [
      ("hidden_size_per_layer_input", "inputs for each layer"),
      ("num_kv_shared_layers", "layers that share keys and values"),
    ] {
      guard let value = try optionalInteger(field), value != 0 else { continue }
      throw unsupported(field, found: "\(value): \(reason)", expected: "0")
    }
    guard try !flag("enable_moe_block") else {
      throw unsupported(
        "enable_moe_block", found: "true: a mixture of experts", expected: "false")
    }
    // "vision" is about the tokens of pictures, of which there are none.
    if try string("use_bidirectional_attention", "vision") != "vision" {
      throw unsupported(
        "use_bidirectional_attention", found: "attention to what follows", expected: "null")
    }
  }

  /// What the class takes where a file says nothing of rotation.
  fileprivate func gemma4Rotary(
    head: Int, contextLength: Int, kind: LayerKind
  ) throws(SparrowError) -> RotaryDescription {
    if try object("rope_parameters") != nil {
      return try rotary(head: head, contextLength: contextLength, kind: kind)
    }
    return kind == .slidingAttention
      ? RotaryDescription(dimension: head, base: 10_000, interleaved: false)
      : RotaryDescription(
        dimension: head, base: 1_000_000, interleaved: false,
        scaling: .proportional(pairs: head / 8, factor: 1))
  }
}
