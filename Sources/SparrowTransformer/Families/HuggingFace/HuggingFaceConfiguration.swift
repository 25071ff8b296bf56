public import SparrowCore

extension ModelConfiguration {
  /// Reads a Hugging Face `config.json`. Unknown model types, activations and rope types are
  /// refused by name, as are fields that change what is computed and that Sparrow does not
  /// understand; fields that are left out are those of transformers' class. A mistyped field throws
  /// `.malformed` naming it.
  public init(huggingFace json: JSON, file: String) throws(SparrowError) {
    let type = try HuggingFaceFields(json: json, file: file).string("model_type")
    guard let family = HuggingFaceFamily.named(type) else {
      let reason = HuggingFaceFamily.refusal(of: type).map { ": \($0)" } ?? ""
      throw SparrowError(
        .unsupported, file: file, field: "model_type", found: "'\(type)'\(reason)",
        expected: HuggingFaceFamily.all.map(\.type).joined(separator: ", "))
    }
    let fields = HuggingFaceFields(json: json, file: file, family: family)
    try fields.check()
    self = try family.configuration(fields)
  }

  static func opt(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let hidden = try f.count("hidden_size")
    let before = try f.flag("do_layer_norm_before")
    let norm = NormDescription(kind: .layer, epsilon: 1e-5)
    let layer = LayerDescription(
      norm: norm, placement: before ? .before : .after,
      attention: try f.wholeAttention(hidden, "num_attention_heads"),
      feedForward: FeedForwardDescription(
        width: try f.count("ffn_dim"), activation: try f.activation("activation_function"),
        gated: false))
    let hasFinalNorm = before ? !(try f.flag("_remove_final_layer_norm")) : false
    return ModelConfiguration(
      architecture: "opt", hidden: hidden, vocabulary: try f.count("vocab_size"),
      embeddingWidth: try f.count("word_embed_proj_dim", hidden),
      contextLength: try f.count("max_position_embeddings"), learnedPositionOffset: 2,
      layers: try f.repeating(layer, "num_hidden_layers"), finalNorm: hasFinalNorm ? norm : nil,
      tiedHead: try f.flag("tie_word_embeddings"))
  }

  static func gpt2(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let hidden = try f.count("n_embd")
    let norm = NormDescription(kind: .layer, epsilon: Float(try f.number("layer_norm_epsilon")))
    let layer = LayerDescription(
      norm: norm, placement: .before,
      attention: try f.wholeAttention(hidden, "n_head"),
      feedForward: FeedForwardDescription(
        width: try f.count("n_inner", 4 * hidden),
        activation: try f.activation("activation_function"), gated: false))
    return ModelConfiguration(
      architecture: "gpt2", hidden: hidden, vocabulary: try f.count("vocab_size"),
      embeddingWidth: hidden, contextLength: try f.count("n_positions"),
      learnedPositionOffset: 0, layers: try f.repeating(layer, "n_layer"), finalNorm: norm,
      tiedHead: try f.flag("tie_word_embeddings"))
  }

  /// Gemma 2 and 3.
  static func gemma(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let isThird = f.type == "gemma3_text"
    let hidden = try f.count("hidden_size")
    let heads = try f.count("num_attention_heads")
    let head = try f.headDimension(hidden: hidden, heads: heads)
    let context = try f.count("max_position_embeddings")
    let norm = NormDescription(
      kind: .rms, epsilon: Float(try f.number("rms_norm_eps")), weightOffset: 1)
    let global =
      isThird
      ? try f.rotary(head: head, contextLength: context, kind: .fullAttention)
      : try f.rotary(head: head, contextLength: context)
    let layer = LayerDescription(
      norm: norm, placement: .around,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: try f.keyValueHeads(heads: heads), headDimension: head,
        scale: inverseRoot(try f.number("query_pre_attn_scalar")),
        softcap: Float(try f.number("attn_logit_softcapping", 0)),
        headNorm: isThird ? norm : nil, rotary: global),
      feedForward: FeedForwardDescription(
        width: try f.count("intermediate_size"), activation: try f.activation("hidden_activation"),
        gated: true))
    var layers = try f.repeating(layer, "num_hidden_layers")
    try f.setWindows(of: &layers)
    if isThird {
      let local = try f.rotary(head: head, contextLength: context, kind: .slidingAttention)
      for i in layers.indices where layers[i].attention.window > 0 {
        layers[i].attention.rotary = local
      }
    }
    return ModelConfiguration(
      architecture: isThird ? "gemma3" : "gemma2", hidden: hidden,
      vocabulary: try f.count("vocab_size"), embeddingWidth: hidden,
      embeddingScale: Float(Double(hidden).squareRoot()), contextLength: context, layers: layers,
      finalNorm: norm, tiedHead: try f.flag("tie_word_embeddings"),
      logitSoftcap: Float(try f.number("final_logit_softcapping", 0)))
  }
}

/// 1 / sqrt(x) in double precision, rounded once.
func inverseRoot(_ x: Double) -> Float { Float(1 / x.squareRoot()) }
