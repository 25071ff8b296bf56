extension WeightNames {
  /// Hugging Face names by architecture.
  static func huggingFace(_ model: ModelConfiguration) -> WeightNames {
    switch model.architecture {
    case "bert": bert
    case "opt": opt
    case "gpt2": gpt2
    case "falcon": falcon(model.layers.first?.placement ?? .shared)
    case "gptneox": gptNeoX
    default: llama(model.architecture)
    }
  }

  private static var bert: WeightNames {
    let layer = "encoder.layer.{}."
    var table = WeightNames([
      (.tokenEmbedding, "embeddings.word_embeddings"),
      (.positionEmbedding, "embeddings.position_embeddings"),
      (.tokenTypeEmbedding, "embeddings.token_type_embeddings"),
      (.embeddingNorm, "embeddings.LayerNorm"), (.query, layer + "attention.self.query"),
      (.key, layer + "attention.self.key"), (.value, layer + "attention.self.value"),
      (.output, layer + "attention.output.dense"),
      (.attentionNorm, layer + "attention.output.LayerNorm"),
      (.up, layer + "intermediate.dense"), (.down, layer + "output.dense"),
      (.feedForwardNorm, layer + "output.LayerNorm"),
    ])
    table.prefixes = ["bert.", ""]
    // Heads of the tasks of pre-training, which embeddings are not made by.
    table.ignoredPrefixes = ["cls.", "pooler.", "bert.pooler."]
    return table
  }

  private static var opt: WeightNames {
    let layer = "decoder.layers.{}."
    var table = WeightNames([
      (.tokenEmbedding, "decoder.embed_tokens"), (.positionEmbedding, "decoder.embed_positions"),
      (.embeddingIn, "decoder.project_in"), (.embeddingOut, "decoder.project_out"),
      (.finalNorm, "decoder.final_layer_norm"), (.head, "lm_head"),
      (.attentionNorm, layer + "self_attn_layer_norm"), (.query, layer + "self_attn.q_proj"),
      (.key, layer + "self_attn.k_proj"), (.value, layer + "self_attn.v_proj"),
      (.output, layer + "self_attn.out_proj"), (.feedForwardNorm, layer + "final_layer_norm"),
      (.up, layer + "fc1"), (.down, layer + "fc2"),
    ])
    table.prefixes = ["model.", ""]
    return table
  }

  private static var gpt2: WeightNames {
    var table = WeightNames([
      (.tokenEmbedding, "wte"), (.positionEmbedding, "wpe"), (.finalNorm, "ln_f"),
      (.head, "lm_head"), (.attentionNorm, "h.{}.ln_1"), (.output, "h.{}.attn.c_proj"),
      (.feedForwardNorm, "h.{}.ln_2"), (.up, "h.{}.mlp.c_fc"), (.down, "h.{}.mlp.c_proj"),
    ])
    table.fuse([.query, .key, .value], "h.{}.attn.c_attn")
    table.transposed = true
    table.prefixes = ["transformer.", ""]
    return table
  }

  /// The norms' names tell how they stand.
  private static func falcon(_ placement: LayerDescription.NormPlacement) -> WeightNames {
    let layer = "h.{}."
    let isPair = placement == .parallel
    var table = WeightNames([
      (.tokenEmbedding, "word_embeddings"), (.finalNorm, "ln_f"), (.head, "lm_head"),
      (.attentionNorm, layer + (isPair ? "ln_attn" : "input_layernorm")),
      (.feedForwardNorm, layer + (isPair ? "ln_mlp" : "post_attention_layernorm")),
      (.output, layer + "self_attention.dense"), (.up, layer + "mlp.dense_h_to_4h"),
      (.down, layer + "mlp.dense_4h_to_h"),
    ])
    table.fuse([.query, .key, .value], layer + "self_attention.query_key_value", .byKeyValueHead)
    table.prefixes = ["transformer.", ""]
    return table
  }

  private static var gptNeoX: WeightNames {
    let layer = "layers.{}."
    var table = WeightNames([
      (.tokenEmbedding, "embed_in"), (.finalNorm, "final_layer_norm"), (.head, "lm_head"),
      (.attentionNorm, layer + "input_layernorm"),
      (.feedForwardNorm, layer + "post_attention_layernorm"),
      (.output, layer + "attention.dense"), (.up, layer + "mlp.dense_h_to_4h"),
      (.down, layer + "mlp.dense_4h_to_h"),
    ])
    table.fuse([.query, .key, .value], layer + "attention.query_key_value", .byKeyValueHead)
    table.names[.head]!.oldPattern = "embed_out.weight"
    table.prefixes = ["gpt_neox.", ""]
    return table
  }

  /// Llama's names, and what families that follow them call otherwise.
  private static func llama(_ architecture: String) -> WeightNames {
    let layer = "layers.{}."
    var table = WeightNames([
      (.tokenEmbedding, "embed_tokens"), (.finalNorm, "norm"), (.head, "lm_head"),
      (.attentionNorm, layer + "input_layernorm"), (.query, layer + "self_attn.q_proj"),
      (.key, layer + "self_attn.k_proj"), (.value, layer + "self_attn.v_proj"),
      (.queryNorm, layer + "self_attn.q_norm"), (.keyNorm, layer + "self_attn.k_norm"),
      (.output, layer + "self_attn.o_proj"),
      (.feedForwardNorm, layer + "post_attention_layernorm"), (.gate, layer + "mlp.gate_proj"),
      (.up, layer + "mlp.up_proj"), (.down, layer + "mlp.down_proj"),
      (.postAttentionNorm, layer + "post_attention_layernorm"),
      (.postFeedForwardNorm, layer + "post_feedforward_layernorm"),
    ])
    switch architecture {
    case "gemma2", "gemma3", "gemma4":
      table.add(.feedForwardNorm, layer + "pre_feedforward_layernorm")
      table.names[.layerScale] = Name(pattern: layer + "layer_scalar")
    case "phi3":
      table.fuse([.query, .key, .value], layer + "self_attn.qkv_proj")
      table.fuse([.gate, .up], layer + "mlp.gate_up_proj")
    case "granitehybrid":
      table.fuse([.gate, .up], layer + "shared_mlp.input_linear")
      table.add(.down, layer + "shared_mlp.output_linear")
    case "starcoder2":
      table.add(.up, layer + "mlp.c_fc")
      table.add(.down, layer + "mlp.c_proj")
    case "qwen35":
      table.fuse([.query, .queryGate], layer + "self_attn.q_proj", .byHead)
    default: break
    }
    table.prefixes = [
      "model.", "language_model.model.", "model.language_model.", "model.text_model.", "",
    ]
    // Towers of pictures and sounds, and layers that foretell further tokens.
    table.ignoredPrefixes = [
      "vision_tower.", "multi_modal_projector.", "model.vision_tower.",
      "model.multi_modal_projector.", "model.audio_tower.", "model.embed_vision.",
      "model.embed_audio.", "model.visual.", "mtp.",
    ]
    return table
  }
}
