extension HuggingFaceFamily {
  /// Why a `model_type` that people have is refused; nil for one that nobody here knows.
  static func refusal(of type: String) -> String? {
    refused.first { $0.types.contains(type) }?.reason
  }

  private static let refused: [(reason: String, types: Set<String>)] = [
    (
      "a mixture of experts",
      [
        "afmoe", "bailing_moe", "cohere2_moe", "dbrx", "deepseek_v2", "deepseek_v3", "deepseek_v32",
        "deepseek_v4", "dots1", "ernie4_5_moe", "exaone_moe", "flex_olmo", "glm4_moe",
        "glm4_moe_lite", "glm4v_moe", "glm_moe_dsa", "gpt_oss", "granitemoe", "granitemoe_swa",
        "granitemoeshared", "grok", "hunyuan_v1_moe", "jetmoe", "kimi_k2", "lfm2_moe", "llama4",
        "llama4_text", "longcat_flash", "mimo_v2_flash", "minimax", "minimax_m2", "mixtral",
        "olmoe", "phimoe", "qwen2_moe", "qwen3_5_moe", "qwen3_5_moe_text", "qwen3_moe",
        "qwen3_omni_moe", "qwen3_vl_moe", "solar_open",
      ]
    ),
    ("linear attention and a mixture of experts", ["kimi_linear", "qwen3_next"]),
    (
      "layers without attention",
      [
        "bamba", "falcon_h1", "falcon_mamba", "jamba", "lfm2", "mamba", "mamba2", "nemotron_h",
        "olmo_hybrid", "recurrent_gemma", "rwkv", "xlstm", "zamba", "zamba2",
      ]
    ),
    ("inputs for each layer and shared keys and values", ["gemma3n", "gemma3n_text"]),
    ("scores by distance (ALiBi)", ["bloom", "mpt"]),
    ("attention to what follows", ["distilbert", "modernbert", "roberta"]),
    (
      "an encoder beside the decoder",
      ["bart", "mbart", "mt5", "pegasus", "t5", "t5gemma", "umt5", "whisper"]
    ),
  ]
}
