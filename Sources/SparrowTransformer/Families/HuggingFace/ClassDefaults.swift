// Made by Scripts/make_class_defaults.py from transformers 5.24.0; do not edit.

/// What transformers' configuration classes take for fields that a `config.json` leaves out: a JSON
/// list of objects, each named by its `model_type`; null stands for what the class makes of other
/// fields.
let classDefaultsText = #"""
  [
  {"model_type": "bert", "is_encoder_decoder": false, "vocab_size": 30522, "hidden_size": 768,
  "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "hidden_act":
  "gelu", "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
  "add_cross_attention": false, "tie_word_embeddings": true},
  {"model_type": "cohere", "is_encoder_decoder": false, "vocab_size": 256000, "hidden_size":
  8192, "intermediate_size": 22528, "logit_scale": 0.0625, "num_hidden_layers": 40,
  "num_attention_heads": 64, "num_key_value_heads": null, "hidden_act": "silu",
  "max_position_embeddings": 8192, "layer_norm_eps": 1e-05, "tie_word_embeddings": true,
  "rope_parameters": null, "attention_bias": false, "use_qk_norm": false, "rope_theta": 500000.0},
  {"model_type": "cohere2", "is_encoder_decoder": false, "vocab_size": 256000, "hidden_size":
  8192, "intermediate_size": 22528, "logit_scale": 0.0625, "num_hidden_layers": 40,
  "num_attention_heads": 64, "num_key_value_heads": null, "hidden_act": "silu",
  "max_position_embeddings": 8192, "layer_norm_eps": 1e-05, "tie_word_embeddings": true,
  "rope_parameters": null, "attention_bias": false, "sliding_window": 4096, "layer_types": null,
  "rope_theta": 10000.0},
  {"model_type": "falcon", "is_encoder_decoder": false, "vocab_size": 65024, "hidden_size": 4544,
  "num_hidden_layers": 32, "num_attention_heads": 71, "num_ln_in_parallel_attn": null,
  "layer_norm_epsilon": 1e-05, "num_kv_heads": null, "alibi": false, "new_decoder_architecture":
  false, "multi_query": true, "parallel_attn": true, "bias": false, "max_position_embeddings":
  2048, "rope_parameters": null, "ffn_hidden_size": null, "activation": "gelu",
  "tie_word_embeddings": true, "rope_theta": 10000.0},
  {"model_type": "gemma2", "is_encoder_decoder": false, "vocab_size": 256000, "hidden_size":
  2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
  "num_key_value_heads": 4, "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
  "max_position_embeddings": 8192, "rms_norm_eps": 1e-06, "tie_word_embeddings": true,
  "rope_parameters": null, "attention_bias": false, "query_pre_attn_scalar": 256,
  "sliding_window": 4096, "layer_types": null, "final_logit_softcapping": 30.0,
  "attn_logit_softcapping": 50.0, "use_bidirectional_attention": null, "rope_theta": 10000.0},
  {"model_type": "gemma3", "is_encoder_decoder": false, "text_config": null,
  "tie_word_embeddings": true},
  {"model_type": "gemma3_text", "is_encoder_decoder": false, "vocab_size": 262208, "hidden_size":
  2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
  "num_key_value_heads": 4, "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
  "max_position_embeddings": 131072, "rms_norm_eps": 1e-06, "tie_word_embeddings": true,
  "rope_parameters": null, "attention_bias": false, "query_pre_attn_scalar": 256,
  "sliding_window": 4096, "layer_types": null, "final_logit_softcapping": null,
  "attn_logit_softcapping": null, "use_bidirectional_attention": false, "rope_theta": 1000000.0,
  "rope_local_base_freq": 10000.0},
  {"model_type": "gemma4", "is_encoder_decoder": false, "text_config": null,
  "tie_word_embeddings": true},
  {"model_type": "gemma4_text", "is_encoder_decoder": false, "vocab_size": 262144, "hidden_size":
  2304, "intermediate_size": 9216, "num_hidden_layers": 30, "num_attention_heads": 8,
  "num_key_value_heads": 4, "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
  "max_position_embeddings": 131072, "rms_norm_eps": 1e-06, "tie_word_embeddings": true,
  "rope_parameters": null, "attention_bias": false, "sliding_window": 512, "layer_types": null,
  "final_logit_softcapping": null, "use_bidirectional_attention": null,
  "vocab_size_per_layer_input": 262144, "hidden_size_per_layer_input": 256, "attention_k_eq_v":
  false, "num_kv_shared_layers": 0, "enable_moe_block": false, "use_double_wide_mlp": false,
  "num_experts": null, "top_k_experts": null, "moe_intermediate_size": null, "rope_theta":
  10000.0},
  {"model_type": "gpt2", "is_encoder_decoder": false, "vocab_size": 50257, "n_positions": 1024,
  "n_embd": 768, "n_layer": 12, "n_head": 12, "n_inner": null, "activation_function": "gelu_new",
  "layer_norm_epsilon": 1e-05, "scale_attn_weights": true, "scale_attn_by_inverse_layer_idx":
  false, "add_cross_attention": false, "tie_word_embeddings": true},
  {"model_type": "gpt_neox", "is_encoder_decoder": false, "vocab_size": 50432, "hidden_size":
  6144, "num_hidden_layers": 44, "num_attention_heads": 64, "intermediate_size": 24576,
  "hidden_act": "gelu", "max_position_embeddings": 2048, "layer_norm_eps": 1e-05,
  "tie_word_embeddings": false, "use_parallel_residual": true, "rope_parameters": null,
  "attention_bias": true, "rope_theta": 10000.0},
  {"model_type": "granite", "is_encoder_decoder": false, "vocab_size": 32000, "hidden_size":
  4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": null, "hidden_act": "silu", "max_position_embeddings": 2048,
  "rms_norm_eps": 1e-06, "tie_word_embeddings": false, "rope_parameters": null, "attention_bias":
  false, "mlp_bias": false, "embedding_multiplier": 1.0, "logits_scaling": 1.0,
  "residual_multiplier": 1.0, "attention_multiplier": 1.0, "rope_theta": 10000.0},
  {"model_type": "granitemoehybrid", "is_encoder_decoder": false, "vocab_size": 32000,
  "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
  "num_attention_heads": 32, "num_key_value_heads": null, "hidden_act": "silu",
  "max_position_embeddings": 2048, "rms_norm_eps": 1e-06, "tie_word_embeddings": false,
  "rope_parameters": null, "attention_bias": false, "embedding_multiplier": 1.0,
  "logits_scaling": 1.0, "residual_multiplier": 1.0, "attention_multiplier": 1.0,
  "num_local_experts": 8, "num_experts_per_tok": 2, "shared_intermediate_size": 1024,
  "position_embedding_type": null, "layer_types": null, "rope_theta": 10000.0},
  {"model_type": "llama", "is_encoder_decoder": false, "vocab_size": 32000, "hidden_size": 4096,
  "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": null, "hidden_act": "silu", "max_position_embeddings": 2048,
  "rms_norm_eps": 1e-06, "tie_word_embeddings": false, "rope_parameters": null, "attention_bias":
  false, "mlp_bias": false, "head_dim": null, "rope_theta": 10000.0},
  {"model_type": "mistral", "is_encoder_decoder": false, "vocab_size": 32000, "hidden_size":
  4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": 8, "head_dim": null, "hidden_act": "silu", "max_position_embeddings":
  131072, "rms_norm_eps": 1e-06, "tie_word_embeddings": false, "rope_parameters": null,
  "sliding_window": 4096, "rope_theta": 10000.0},
  {"model_type": "olmo2", "is_encoder_decoder": false, "vocab_size": 50304, "hidden_size": 4096,
  "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": null, "hidden_act": "silu", "max_position_embeddings": 2048,
  "tie_word_embeddings": false, "rope_parameters": null, "attention_bias": false, "rms_norm_eps":
  1e-05, "rope_theta": 10000.0},
  {"model_type": "opt", "is_encoder_decoder": false, "vocab_size": 50272, "hidden_size": 768,
  "num_hidden_layers": 12, "ffn_dim": 3072, "max_position_embeddings": 2048,
  "do_layer_norm_before": true, "_remove_final_layer_norm": false, "word_embed_proj_dim": null,
  "num_attention_heads": 12, "activation_function": "relu", "enable_bias": true,
  "layer_norm_elementwise_affine": true, "tie_word_embeddings": true},
  {"model_type": "phi3", "is_encoder_decoder": false, "vocab_size": 32064, "hidden_size": 3072,
  "intermediate_size": 8192, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": null, "hidden_act": "silu", "max_position_embeddings": 4096,
  "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-05, "tie_word_embeddings": false,
  "rope_parameters": null, "sliding_window": null, "rope_theta": 10000.0},
  {"model_type": "qwen2", "is_encoder_decoder": false, "vocab_size": 151936, "hidden_size": 4096,
  "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": 32, "hidden_act": "silu", "max_position_embeddings": 32768,
  "rms_norm_eps": 1e-06, "tie_word_embeddings": false, "rope_parameters": null,
  "use_sliding_window": false, "sliding_window": 4096, "max_window_layers": 28, "layer_types":
  null, "rope_theta": 10000.0},
  {"model_type": "qwen3", "is_encoder_decoder": false, "vocab_size": 151936, "hidden_size": 4096,
  "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": 32, "head_dim": 128, "hidden_act": "silu", "max_position_embeddings":
  32768, "rms_norm_eps": 1e-06, "tie_word_embeddings": false, "rope_parameters": null,
  "attention_bias": false, "use_sliding_window": false, "sliding_window": 4096,
  "max_window_layers": 28, "layer_types": null, "rope_theta": 10000.0},
  {"model_type": "qwen3_5", "is_encoder_decoder": false, "text_config": null,
  "tie_word_embeddings": false},
  {"model_type": "qwen3_5_text", "is_encoder_decoder": false, "vocab_size": 248320,
  "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 32,
  "num_attention_heads": 16, "num_key_value_heads": 4, "hidden_act": "silu",
  "max_position_embeddings": 32768, "rms_norm_eps": 1e-06, "tie_word_embeddings": false,
  "rope_parameters": null, "attention_bias": false, "head_dim": 256, "layer_types": null,
  "rope_theta": 10000.0},
  {"model_type": "smollm3", "is_encoder_decoder": false, "vocab_size": 128256, "hidden_size":
  2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16,
  "num_key_value_heads": 4, "hidden_act": "silu", "max_position_embeddings": 32768,
  "rms_norm_eps": 1e-06, "rope_parameters": null, "use_sliding_window": false, "sliding_window":
  null, "no_rope_layers": null, "no_rope_layer_interval": 4, "layer_types": null,
  "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": true, "rope_theta":
  2000000.0},
  {"model_type": "starcoder2", "is_encoder_decoder": false, "vocab_size": 49152, "hidden_size":
  3072, "intermediate_size": 12288, "num_hidden_layers": 30, "num_attention_heads": 24,
  "num_key_value_heads": 2, "hidden_act": "gelu_pytorch_tanh", "max_position_embeddings": 4096,
  "norm_epsilon": 1e-05, "rope_parameters": null, "sliding_window": null, "use_bias": true,
  "tie_word_embeddings": true, "rope_theta": 10000.0}
  ]
  """#
