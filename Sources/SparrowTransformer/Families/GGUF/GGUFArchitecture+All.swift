extension GGUFArchitecture {
  static let all: [GGUFArchitecture] = [
    GGUFArchitecture(
      name: "cohere2", reads: layerNorm + rotary + windows + ["logit_scale"], norm: .layer,
      placement: .always(.shared), pairs: .neighbours, mayTurnParts: true,
      windows: Windows(pattern: 4, size: 4096, onlyTheseTurn: true),
      multipliers: Multipliers(logits: (key: "logit_scale", divides: false)), biases: projections),
    GGUFArchitecture(
      name: "command-r", reads: layerNorm + rotary + ["logit_scale"], norm: .layer,
      placement: .always(.shared), headNorms: .ownHead, pairs: .neighbours, mayTurnParts: true,
      multipliers: Multipliers(logits: (key: "logit_scale", divides: false)), biases: projections),
    GGUFArchitecture(
      name: "falcon", reads: layerNorm + rotary, norm: .layer,
      placement: .byTensor("blk.0.attn_norm_2.weight", there: .parallel, absent: .shared),
      activation: .gelu, isGated: false, pairs: .halves, fused: [queriesKeysValues], biases: norms),
    GGUFArchitecture(
      name: "gemma2",
      reads: rmsNorm + rotary + windows
        + ["attn_logit_softcapping", "final_logit_softcapping", "rope.freq_base_swa"],
      placement: .always(.around), activation: .geluTanh, pairs: .halves, mayTurnParts: true,
      windows: Windows(pattern: 2, size: 4096), scalesEmbedding: true, wideScaleLayers: 46,
      softcaps: (50, 30), biases: projections),
    GGUFArchitecture(
      name: "gemma3",
      reads: rmsNorm + rotary + windows + ["final_logit_softcapping", "rope.freq_base_swa"],
      placement: .always(.around), headNorms: .head, activation: .geluTanh, pairs: .halves,
      mayTurnParts: true,
      windows: Windows(pattern: 6, base: 10_000, scaling: .factorOnly), scalesEmbedding: true,
      wideScaleLayers: 62, biases: projections),
    GGUFArchitecture(
      name: "gemma4",
      reads: rmsNorm + rotary + windows + ["final_logit_softcapping", "rope.freq_base_swa"],
      placement: .always(.around), headNorms: .head, activation: .geluTanh, hasHeadsByLayer: true,
      normsValues: true, pairs: .halves, mayTurnParts: true,
      windows: Windows(pattern: 6, scaling: .factorOnly), scalesEmbedding: true, scoreScale: 1,
      hasFrequencyFactors: true),
    GGUFArchitecture(
      name: "gpt2", reads: layerNorm, norm: .layer, activation: .geluTanh, isGated: false,
      fused: [queriesKeysValues], biases: projections + [.output, .up, .down] + norms),
    GGUFArchitecture(
      name: "gptneox", reads: layerNorm + rotary + ["use_parallel_residual"], norm: .layer,
      placement: .byKey("use_parallel_residual", true: .parallel, false: .before),
      activation: .gelu, isGated: false, pairs: .halves, mayTurnParts: true,
      fused: [queriesKeysValues],
      biases: projections + [.output, .up, .down] + norms),
    GGUFArchitecture(
      name: "granite",
      reads: rmsNorm + rotary
        + [
          "logit_scale", "residual_scale", "embedding_scale", "attention.scale",
          "rope.scaling.finetuned",
        ], pairs: .neighbours,
      multipliers: Multipliers(
        logits: (key: "logit_scale", divides: true), embedding: "embedding_scale",
        residual: "residual_scale", scores: "attention.scale"),
      biases: projections + [.output, .gate, .up, .down], hasFrequencyFactors: true),
    GGUFArchitecture(
      name: "llama", reads: rmsNorm + rotary, pairs: .neighbours,
      biases: projections + [.output, .gate, .up, .down], hasFrequencyFactors: true),
    GGUFArchitecture(
      name: "olmo2", reads: rmsNorm + rotary + windows, placement: .always(.result),
      headNorms: .allHeads, pairs: .halves, windows: Windows(pattern: 4, scaling: .none),
      biases: projections),
    // llama.cpp knows of Phi-3's windows and attends to all.
    GGUFArchitecture(
      name: "phi3", reads: rmsNorm + rotary + windows, pairs: .halves, mayTurnParts: true,
      windows: Windows(pattern: 1),
      fused: [queriesKeysValues, ([.gate, .up], "blk.{}.ffn_up")], biases: projections,
      hasLongFactors: true),
    GGUFArchitecture(
      name: "qwen2", reads: rmsNorm + rotary, pairs: .halves, biases: projections),
    GGUFArchitecture(
      name: "qwen3", reads: rmsNorm + rotary, headNorms: .head, pairs: .halves,
      biases: projections),
    GGUFArchitecture(
      name: "smollm3", reads: rmsNorm + rotary, pairs: .neighbours, stillEvery: 4,
      biases: projections),
    GGUFArchitecture(
      name: "starcoder2", reads: layerNorm + rotary, norm: .layer, activation: .geluTanh,
      isGated: false, pairs: .halves, biases: projections + [.output, .up, .down] + norms),
  ]

  private static let common = [
    "context_length", "embedding_length", "block_count", "feed_forward_length",
    "hidden_activation", "attention.head_count", "attention.head_count_kv",
    "attention.key_length", "attention.value_length",
  ]

  private static let rmsNorm = common + ["attention.layer_norm_rms_epsilon"]
  private static let layerNorm = common + ["attention.layer_norm_epsilon"]

  private static let rotary = [
    "rope.dimension_count", "rope.freq_base", "rope.scale_linear", "rope.scaling.type",
    "rope.scaling.factor", "rope.scaling.original_context_length", "rope.scaling.attn_factor",
  ]

  private static let windows = [
    "attention.sliding_window", "attention.sliding_window_pattern", "attention.key_length_swa",
    "attention.value_length_swa", "rope.dimension_count_swa",
  ]

  private static let projections: [WeightRole.Kind] = [.query, .key, .value]
  private static let norms: [WeightRole.Kind] = [.attentionNorm, .feedForwardNorm, .finalNorm]
  private static let queriesKeysValues: Fused = (projections, "blk.{}.attn_qkv")

  /// Why files of architectures that people have are refused.
  static func refusal(of name: String) -> String? {
    switch name {
    case "qwen2moe", "qwen3moe", "qwen35moe", "mixtral", "deepseek", "deepseek2", "olmoe",
      "granitemoe", "phimoe", "gpt-oss", "llama4", "dbrx", "glm4moe", "ernie4_5-moe", "minimax-m2",
      "bailingmoe", "dots1", "hunyuan-moe", "grok", "arctic", "exaone-moe":
      "a mixture of experts"
    case "mamba", "mamba2", "jamba", "rwkv6", "rwkv7", "qwen35", "qwen3next", "granitehybrid",
      "falcon-h1", "nemotron_h", "lfm2", "kimi-linear", "plamo2":
      "layers of linear attention or of state"
    case "bert", "nomic-bert", "jina-bert-v2", "modern-bert", "gemma-embedding", "t5encoder":
      "an encoder, which generates no text"
    case "t5": "an encoder beside the decoder"
    case "clip": "a part that sees pictures"
    default: nil
    }
  }
}
