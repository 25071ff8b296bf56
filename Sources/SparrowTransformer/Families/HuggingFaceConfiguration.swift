public import SparrowCore

extension ModelConfiguration {
  /// Reads a Hugging Face `config.json`. Unknown model types, activations and rope types are refused
  /// by name; a missing or mistyped field throws `.malformed` naming it.
  public init(huggingFace json: JSON, file: String) throws(SparrowError) {
    let fields = HuggingFaceFields(json: json, file: file)
    let type = try fields.string("model_type")
    switch type {
    case "opt": self = try .opt(fields)
    case "gpt2": self = try .gpt2(fields)
    case "llama", "mistral", "qwen2", "qwen3": self = try .llamaLike(fields, type: type)
    case "gemma2", "gemma3_text": self = try .gemma(fields, type: type)
    case "gemma3":
      guard let text = try fields.object("text_config") else {
        throw fields.error("text_config", found: "nothing", expected: "an object")
      }
      self = try .gemma(text, type: "gemma3_text")
    default:
      throw fields.unsupported(
        "model_type", found: "'\(type)'",
        expected: "opt, gpt2, llama, mistral, qwen2, qwen3, gemma2, gemma3 or gemma3_text")
    }
  }

  private static func opt(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let hidden = try f.count("hidden_size")
    let heads = try f.count("num_attention_heads")
    let head = try headDimension(f, hidden: hidden, heads: heads)
    let before = try f.flag("do_layer_norm_before", true)
    guard try f.flag("layer_norm_elementwise_affine", true) else {
      throw f.unsupported("layer_norm_elementwise_affine", found: "false", expected: "true")
    }
    let norm = NormDescription(kind: .layer, epsilon: 1e-5)
    let layer = LayerDescription(
      norm: norm, placement: before ? .before : .after,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: heads, headDimension: head, scale: inverseRoot(Double(head))),
      feedForward: FeedForwardDescription(
        width: try f.count("ffn_dim"), activation: try f.activation("activation_function", "relu"),
        gated: false))
    let hasFinalNorm = before ? !(try f.flag("_remove_final_layer_norm", false)) : false
    return ModelConfiguration(
      architecture: "opt", hidden: hidden, vocabulary: try f.count("vocab_size"),
      embeddingWidth: try f.count("word_embed_proj_dim", hidden),
      contextLength: try f.count("max_position_embeddings", 2048), learnedPositionOffset: 2,
      layers: try repeating(layer, f, "num_hidden_layers"), finalNorm: hasFinalNorm ? norm : nil,
      tiedHead: try f.flag("tie_word_embeddings", true))
  }

  private static func gpt2(_ f: HuggingFaceFields) throws(SparrowError) -> ModelConfiguration {
    let hidden = try f.count("n_embd")
    let heads = try f.count("n_head")
    let head = try headDimension(f, hidden: hidden, heads: heads)
    guard try f.flag("scale_attn_weights", true) else {
      throw f.unsupported("scale_attn_weights", found: "false", expected: "true")
    }
    try f.require("scale_attn_by_inverse_layer_idx")
    try f.require("add_cross_attention")
    let norm = NormDescription(
      kind: .layer, epsilon: Float(try f.number("layer_norm_epsilon", 1e-5)))
    let layer = LayerDescription(
      norm: norm, placement: .before,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: heads, headDimension: head, scale: inverseRoot(Double(head))),
      feedForward: FeedForwardDescription(
        width: try f.count("n_inner", 4 * hidden),
        activation: try f.activation("activation_function", "gelu_new"), gated: false))
    return ModelConfiguration(
      architecture: "gpt2", hidden: hidden, vocabulary: try f.count("vocab_size"),
      embeddingWidth: hidden, contextLength: try f.count("n_positions", 1024),
      learnedPositionOffset: 0, layers: try repeating(layer, f, "n_layer"), finalNorm: norm,
      tiedHead: try f.flag("tie_word_embeddings", true))
  }

  private static func llamaLike(
    _ f: HuggingFaceFields, type: String
  ) throws(SparrowError) -> ModelConfiguration {
    let hidden = try f.count("hidden_size")
    let heads = try f.count("num_attention_heads")
    let head = try headDimension(f, hidden: hidden, heads: heads)
    let context = try f.count("max_position_embeddings", 2048)
    let norm = NormDescription(kind: .rms, epsilon: Float(try f.number("rms_norm_eps", 1e-6)))
    let layer = LayerDescription(
      norm: norm, placement: .before,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: try keyValueHeads(f, heads: heads), headDimension: head,
        scale: inverseRoot(Double(head)), headNorm: type == "qwen3" ? norm : nil,
        rotary: try f.rotary(dimension: head, contextLength: context)),
      feedForward: FeedForwardDescription(
        width: try f.count("intermediate_size"), activation: try f.activation("hidden_act", "silu"),
        gated: true))
    var layers = try repeating(layer, f, "num_hidden_layers")
    try f.setWindows(of: &layers, type: type)
    return ModelConfiguration(
      architecture: type, hidden: hidden, vocabulary: try f.count("vocab_size"),
      embeddingWidth: hidden, contextLength: context, layers: layers, finalNorm: norm,
      tiedHead: try f.flag("tie_word_embeddings", false))
  }

  private static func gemma(
    _ f: HuggingFaceFields, type: String
  ) throws(SparrowError) -> ModelConfiguration {
    let isThird = type == "gemma3_text"
    let hidden = try f.count("hidden_size")
    let heads = try f.count("num_attention_heads")
    let head = try f.count("head_dim", 256)
    let context = try f.count("max_position_embeddings", isThird ? 131_072 : 8192)
    let norm = NormDescription(
      kind: .rms, epsilon: Float(try f.number("rms_norm_eps", 1e-6)), weightOffset: 1)
    let global = try f.rotary(
      dimension: head, contextLength: context, kind: "full_attention",
      base: isThird ? 1_000_000 : 10_000)
    let layer = LayerDescription(
      norm: norm, placement: .around,
      attention: AttentionDescription(
        heads: heads, keyValueHeads: try keyValueHeads(f, heads: heads), headDimension: head,
        scale: inverseRoot(try f.number("query_pre_attn_scalar", 256)),
        softcap: Float(try f.number("attn_logit_softcapping", isThird ? 0 : 50)),
        headNorm: isThird ? norm : nil, rotary: global),
      feedForward: FeedForwardDescription(
        width: try f.count("intermediate_size"),
        activation: try f.activation("hidden_activation", "gelu_pytorch_tanh"), gated: true))
    var layers = try repeating(layer, f, "num_hidden_layers")
    try f.setWindows(of: &layers, type: type)
    if isThird {
      let local = try f.localRotary(dimension: head, contextLength: context)
      for i in layers.indices where layers[i].attention.window > 0 {
        layers[i].attention.rotary = local
      }
    }
    return ModelConfiguration(
      architecture: type == "gemma2" ? "gemma2" : "gemma3", hidden: hidden,
      vocabulary: try f.count("vocab_size"), embeddingWidth: hidden,
      embeddingScale: Float(Double(hidden).squareRoot()), contextLength: context, layers: layers,
      finalNorm: norm, tiedHead: try f.flag("tie_word_embeddings", true),
      logitSoftcap: Float(try f.number("final_logit_softcapping", isThird ? 0 : 30)))
  }

  private static func keyValueHeads(
    _ f: HuggingFaceFields, heads: Int
  ) throws(SparrowError) -> Int {
    let count = try f.count("num_key_value_heads", heads)
    guard heads % count == 0 else {
      throw f.error(
        "num_key_value_heads", found: "\(count)", expected: "a divisor of \(heads) heads")
    }
    return count
  }

  private static func headDimension(
    _ f: HuggingFaceFields, hidden: Int, heads: Int
  ) throws(SparrowError) -> Int {
    if let explicit = try f.optionalCount("head_dim") { return explicit }
    guard hidden % heads == 0 else {
      throw f.error(
        "num_attention_heads", found: "\(heads)", expected: "a divisor of the width \(hidden)")
    }
    return hidden / heads
  }

  private static func repeating(
    _ layer: LayerDescription, _ f: HuggingFaceFields, _ field: String
  ) throws(SparrowError) -> [LayerDescription] {
    let count = try f.count(field)
    guard count <= 1024 else {
      throw f.error(field, found: "\(count)", expected: "at most 1024 layers")
    }
    return Array(repeating: layer, count: count)
  }
}

/// 1 / sqrt(x) in double precision, rounded once.
func inverseRoot(_ x: Double) -> Float { Float(1 / x.squareRoot()) }
