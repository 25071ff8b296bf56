extension HuggingFaceFamily {
  static let all: [HuggingFaceFamily] = [
    HuggingFaceFamily(
      "bert",
      reads: shape + [
        "type_vocab_size", "layer_norm_eps", "position_embedding_type", "is_decoder",
      ], configuration: ModelConfiguration.bert),
    HuggingFaceFamily(
      "cohere",
      reads: wholeHeads + [
        "head_dim", "attention_bias", "layer_norm_eps", "logit_scale", "use_qk_norm",
      ],
      configuration: ModelConfiguration.cohere),
    HuggingFaceFamily(
      "cohere2",
      reads: wholeHeads + [
        "attention_bias", "layer_norm_eps", "logit_scale", "sliding_window", "layer_types",
        "sliding_window_pattern",
      ], configuration: ModelConfiguration.cohere2),
    HuggingFaceFamily(
      "falcon",
      reads: [
        "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_kv_heads",
        "ffn_hidden_size", "max_position_embeddings", "layer_norm_epsilon", "activation", "alibi",
        "new_decoder_architecture", "multi_query", "parallel_attn", "num_ln_in_parallel_attn",
        "bias", "tie_word_embeddings",
      ] + rotary, configuration: ModelConfiguration.falcon),
    HuggingFaceFamily(
      "gemma2", reads: gemma + ["attn_logit_softcapping"],
      configuration: ModelConfiguration.gemma),
    HuggingFaceFamily("gemma3", text: "gemma3_text"),
    HuggingFaceFamily(
      "gemma3_text",
      reads: gemma + ["attn_logit_softcapping", "rope_local_base_freq", "sliding_window_pattern"],
      configuration: ModelConfiguration.gemma),
    HuggingFaceFamily("gemma4", text: "gemma4_text"),
    HuggingFaceFamily(
      "gemma4_text",
      reads: gemma.filter { $0 != "query_pre_attn_scalar" } + [
        "global_head_dim", "num_global_key_value_heads", "attention_k_eq_v",
        "hidden_size_per_layer_input", "num_kv_shared_layers", "enable_moe_block",
        "use_bidirectional_attention",
      ],
      ignores: [
        "vocab_size_per_layer_input", "use_double_wide_mlp", "num_experts", "top_k_experts",
        "moe_intermediate_size",
      ], configuration: ModelConfiguration.gemma4),
    HuggingFaceFamily(
      "gpt2",
      reads: [
        "vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner",
        "activation_function", "layer_norm_epsilon", "tie_word_embeddings",
      ], configuration: ModelConfiguration.gpt2),
    HuggingFaceFamily(
      "gpt_neox",
      reads: shape + [
        "layer_norm_eps", "rotary_pct", "rotary_emb_base", "rope_scaling", "rope_parameters",
        "use_parallel_residual", "attention_bias",
      ], configuration: ModelConfiguration.gptNeoX),
    HuggingFaceFamily(
      "granite", reads: llama + multipliers + ["attention_bias", "mlp_bias"],
      configuration: ModelConfiguration.granite),
    HuggingFaceFamily(
      "granitemoehybrid",
      reads: llama.filter { $0 != "intermediate_size" } + multipliers + [
        "attention_bias", "layer_types", "num_local_experts", "shared_intermediate_size",
        "position_embedding_type",
      ],
      ignores: [
        "intermediate_size", "num_experts_per_tok", "mamba_n_heads", "mamba_n_groups",
        "mamba_d_state", "mamba_d_head", "mamba_d_conv", "mamba_expand", "mamba_chunk_size",
        "mamba_conv_bias", "mamba_proj_bias",
      ], configuration: ModelConfiguration.granite),
    HuggingFaceFamily(
      "llama", reads: llama + ["attention_bias", "mlp_bias"],
      configuration: LlamaLike().configuration),
    HuggingFaceFamily(
      "mistral", reads: llama + ["sliding_window"], configuration: LlamaLike().configuration),
    HuggingFaceFamily(
      "olmo2", reads: llama + ["attention_bias"],
      configuration: LlamaLike(placement: .result, headNorm: .allHeads).configuration),
    HuggingFaceFamily(
      "opt",
      reads: [
        "vocab_size", "hidden_size", "num_hidden_layers", "ffn_dim", "max_position_embeddings",
        "do_layer_norm_before", "_remove_final_layer_norm", "word_embed_proj_dim",
        "num_attention_heads", "activation_function", "tie_word_embeddings",
      ], configuration: ModelConfiguration.opt),
    HuggingFaceFamily(
      "phi3",
      reads: llama + [
        "original_max_position_embeddings", "partial_rotary_factor", "sliding_window",
      ], configuration: LlamaLike(part: 1).configuration),
    HuggingFaceFamily("qwen2", reads: llama + windows, configuration: LlamaLike().configuration),
    HuggingFaceFamily(
      "qwen3", reads: llama + windows + ["attention_bias"],
      configuration: LlamaLike(headNorm: .head).configuration),
    HuggingFaceFamily("qwen3_5", text: "qwen3_5_text"),
    HuggingFaceFamily(
      "qwen3_5_text",
      reads: llama + ["attention_bias", "layer_types", "partial_rotary_factor"],
      ignores: [
        "linear_conv_kernel_dim", "linear_key_head_dim", "linear_value_head_dim",
        "linear_num_key_heads", "linear_num_value_heads", "full_attention_interval",
      ],
      configuration: LlamaLike(
        architecture: "qwen35", weightOffset: 1, headNorm: .head, hasGates: true,
        part: 0.25
      ).configuration),
    HuggingFaceFamily(
      "smollm3",
      reads: llama + [
        "attention_bias", "mlp_bias", "no_rope_layers", "no_rope_layer_interval",
        "use_sliding_window", "sliding_window", "layer_types",
      ], configuration: ModelConfiguration.smolLM3),
    HuggingFaceFamily(
      "starcoder2", reads: wholeHeads + ["head_dim", "norm_epsilon", "use_bias", "sliding_window"],
      configuration: LlamaLike(norm: .layer, epsilon: "norm_epsilon", isGated: false)
        .configuration),
  ]

  private static let shape = [
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "hidden_act", "max_position_embeddings", "tie_word_embeddings",
  ]

  private static let wholeHeads = shape + ["num_key_value_heads"] + rotary

  private static let llama = wholeHeads + ["head_dim", "rms_norm_eps"]

  private static let gemma =
    [
      "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
      "num_key_value_heads", "head_dim", "hidden_activation", "max_position_embeddings",
      "rms_norm_eps", "tie_word_embeddings", "attention_bias", "query_pre_attn_scalar",
      "sliding_window", "layer_types", "final_logit_softcapping",
    ] + rotary

  private static let rotary = ["rope_theta", "rope_scaling", "rope_parameters"]

  private static let windows = [
    "use_sliding_window", "sliding_window", "max_window_layers", "layer_types",
  ]

  private static let multipliers = [
    "embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling",
  ]
}
