// Made by Scripts/make_class_defaults.py from transformers 5.24.0; do not edit.

/// What transformers' configuration classes take for fields that a `config.json` leaves out: a JSON list
/// of objects, each named by its `model_type`; null stands for what the class makes of other fields.
let classDefaultsText = #"""
  [
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
  {"model_type": "gpt2", "is_encoder_decoder": false, "vocab_size": 50257, "n_positions": 1024,
  "n_embd": 768, "n_layer": 12, "n_head": 12, "n_inner": null, "activation_function": "gelu_new",
  "layer_norm_epsilon": 1e-05, "scale_attn_weights": true, "scale_attn_by_inverse_layer_idx":
  false, "add_cross_attention": false, "tie_word_embeddings": true},
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
  {"model_type": "opt", "is_encoder_decoder": false, "vocab_size": 50272, "hidden_size": 768,
  "num_hidden_layers": 12, "ffn_dim": 3072, "max_position_embeddings": 2048,
  "do_layer_norm_before": true, "_remove_final_layer_norm": false, "word_embed_proj_dim": null,
  "num_attention_heads": 12, "activation_function": "relu", "enable_bias": true,
  "layer_norm_elementwise_affine": true, "tie_word_embeddings": true},
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
  "max_window_layers": 28, "layer_types": null, "rope_theta": 10000.0}
  ]
  """#
