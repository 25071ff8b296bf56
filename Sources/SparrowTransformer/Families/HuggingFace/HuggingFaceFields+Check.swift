import SparrowCore

extension HuggingFaceFields {
  /// Refuses fields that change what is computed and that the family does not read, unless they
  /// hold what its class computes by.
  func check() throws(SparrowError) {
    guard let family else { return }
    for (field, _) in json.members ?? [] where !family.reads.contains(field) {
      if family.ignores.contains(field) { continue }
      guard let value = json[field], !value.isNull else { continue }
      if let own = family.defaults[field] {
        guard value == own else {
          throw unsupported(field, found: value.brief, expected: "the class's \(own.brief)")
        }
      } else if let (reason, neutral) = Self.foreign[field], value != neutral {
        throw unsupported(field, found: "\(value.brief): \(reason)", expected: "no such field")
      }
    }
  }

  /// Fields that change what other classes or programs compute, with the value that changes
  /// nothing. Names that stand nowhere mean nothing to transformers either, and are passed over.
  private static let foreign: [String: (reason: String, neutral: JSON)] = {
    var fields: [String: (String, JSON)] = [:]
    func add(_ reason: String, _ neutral: JSON, _ names: String...) {
      for name in names { fields[name] = (reason, neutral) }
    }
    add(
      "blocks of another program, for which GGUF is the form that Sparrow reads", .null,
      "quantization_config", "compression_config")
    add("an encoder beside the decoder", .bool(false), "is_encoder_decoder", "add_cross_attention")
    add(
      "a mixture of experts", .integer(0), "num_experts", "num_local_experts", "n_routed_experts",
      "num_experts_per_tok", "moe_intermediate_size", "n_shared_experts")
    add(
      "layers without attention", .null, "mamba_d_state", "mamba_n_heads", "ssm_cfg",
      "linear_num_value_heads", "layers_block_type")
    add("layers that differ", .null, "per_layer_config", "no_rope_layers", "sliding_window")
    add(
      "another attention", .bool(false), "alibi", "use_qk_norm", "qk_layernorm", "qk_norm",
      "use_sliding_window", "use_bidirectional_attention", "parallel_attn",
      "use_parallel_residual")
    add("attention to what follows", .bool(true), "is_causal")
    add("attention of low rank", .null, "q_lora_rank", "kv_lora_rank")
    add(
      "a cap or a scale", .null, "clip_qkv", "attn_logit_softcapping", "final_logit_softcapping",
      "query_pre_attn_scalar")
    add(
      "a factor", .integer(1), "attention_multiplier", "embedding_multiplier",
      "residual_multiplier", "logits_scaling", "logit_scale", "partial_rotary_factor",
      "rotary_pct")
    add("other pairs that turn", .bool(false), "rope_interleaved")
    add("inputs for each layer", .integer(0), "hidden_size_per_layer_input", "num_kv_shared_layers")
    return fields
  }()
}

extension JSON {
  /// The value for a message.
  var brief: String {
    let text = text()
    return text.count > 60 ? text.prefix(60) + "..." : text
  }
}
