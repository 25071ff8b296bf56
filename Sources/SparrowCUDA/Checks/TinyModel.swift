import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowTransformer

/// A tiny model of a family with random weights, on which a device is compared with the reference.
struct TinyModel: Sendable {
  let name: String
  /// What the family's `config.json` says beside what all of them say here.
  let config: JSON
  let type: ElementType
  /// Of the text on which it is checked: in one family beyond a part of attention's keys.
  let tokens: Int

  /// As transformers names them, for a family each that has what others have not.
  static let all = [
    TinyModel(
      "long llama", .bf16, "llama",
      [
        "hidden_act": "silu", "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "head_dim": 16,
        "rope_theta": 500000, "tie_word_embeddings": false,
      ], tokens: 300),
    TinyModel(
      "opt", .f16, "opt",
      [
        "activation_function": "relu", "ffn_dim": 136, "do_layer_norm_before": true,
        "word_embed_proj_dim": 96, "hidden_size": 96,
      ]),
    TinyModel(
      "gemma3", .bf16, "gemma3_text",
      [
        "hidden_activation": "gelu_pytorch_tanh", "num_key_value_heads": 1, "head_dim": 24,
        "query_pre_attn_scalar": 24, "rms_norm_eps": 1e-6, "rope_local_base_freq": 10000,
        "rope_theta": 1000000, "sliding_window": 8, "sliding_window_pattern": 2,
      ]),
    TinyModel(
      "wide heads", .f16, "llama",
      [
        "hidden_act": "silu", "num_key_value_heads": 1, "rms_norm_eps": 1e-5, "head_dim": 136,
        "rope_theta": 10000, "tie_word_embeddings": true,
      ], tokens: 70),
    TinyModel(
      "gemma2", .f32, "gemma2",
      [
        "hidden_activation": "gelu_pytorch_tanh", "num_key_value_heads": 2, "head_dim": 12,
        "query_pre_attn_scalar": 12, "rms_norm_eps": 1e-6, "rope_theta": 10000,
        "sliding_window": 8, "attn_logit_softcapping": 5, "final_logit_softcapping": 3,
      ]),
    TinyModel(
      "cohere", .f16, "cohere",
      [
        "hidden_act": "silu", "num_key_value_heads": 2, "layer_norm_eps": 1e-5,
        "logit_scale": 0.5, "rope_theta": 8000000, "use_qk_norm": true,
      ]),
    TinyModel(
      "gpt-neox", .bf16, "gpt_neox",
      [
        "hidden_act": "gelu", "layer_norm_eps": 1e-5, "rotary_emb_base": 10000, "rotary_pct": 0.34,
        "tie_word_embeddings": false, "use_parallel_residual": true,
      ]),
    TinyModel(
      "qwen3.5", .bf16, "qwen3_5_text",
      [
        "hidden_act": "silu", "num_key_value_heads": 2, "head_dim": 16, "rms_norm_eps": 1e-6,
        "layer_types": ["full_attention", "full_attention"], "tie_word_embeddings": true,
        "rope_parameters": [
          "mrope_interleaved": true, "mrope_section": [1, 1, 0], "partial_rotary_factor": 0.25,
          "rope_theta": 10_000_000, "rope_type": "default",
        ],
      ]),
    TinyModel(
      "olmo2", .f16, "olmo2",
      [
        "hidden_act": "silu", "num_key_value_heads": 2, "rms_norm_eps": 1e-6,
        "rope_theta": 500000, "tie_word_embeddings": false,
      ]),
  ]

  /// Of whole blocks, as sketches want them: gated with grouped heads, ungated with heads that skip
  /// keys, the same with turned heads, and with norms everywhere.
  static let sparse = [
    TinyModel(
      "llama", .f16, "llama",
      [
        "hidden_act": "silu", "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "head_dim": 16,
        "rope_theta": 10000, "tie_word_embeddings": false, "hidden_size": 96,
        "intermediate_size": 160,
      ]),
    TinyModel(
      "opt", .bf16, "opt",
      [
        "activation_function": "relu", "ffn_dim": 160, "do_layer_norm_before": true,
        "word_embed_proj_dim": 96, "hidden_size": 96,
      ]),
    TinyModel(
      "gpt-neox", .f32, "gpt_neox",
      [
        "hidden_act": "gelu", "layer_norm_eps": 1e-5, "rotary_emb_base": 10000, "rotary_pct": 0.5,
        "tie_word_embeddings": false, "use_parallel_residual": true, "hidden_size": 96,
        "intermediate_size": 160,
      ]),
    TinyModel(
      "gemma3", .bf16, "gemma3_text",
      [
        "hidden_activation": "gelu_pytorch_tanh", "num_key_value_heads": 2, "head_dim": 24,
        "query_pre_attn_scalar": 24, "rms_norm_eps": 1e-6, "rope_local_base_freq": 10000,
        "rope_theta": 1000000, "sliding_window": 8, "sliding_window_pattern": 2,
        "hidden_size": 96, "intermediate_size": 160,
      ]),
  ]

  /// Gated, with grouped heads, in whole blocks of every format.
  static let blocks = TinyModel(
    "llama", .f16, "llama",
    [
      "hidden_act": "silu", "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "head_dim": 64,
      "rope_theta": 10000, "tie_word_embeddings": false, "hidden_size": 256,
      "intermediate_size": 256,
    ])

  private init(
    _ name: String, _ type: ElementType, _ family: String,
    _ own: KeyValuePairs<String, JSON>, tokens: Int = 40
  ) {
    self.name = name
    self.type = type
    self.tokens = tokens
    let common: KeyValuePairs<String, JSON> = [
      "model_type": .string(family), "hidden_size": 72, "intermediate_size": 136,
      "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 200,
      "max_position_embeddings": 640, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0,
      "attention_bias": false,
    ]
    let names = own.map(\.key)
    config = .object(common.filter { !names.contains($0.key) } + own.map { $0 })
  }

  /// Its weights by their roles: normal ones that keep a text's numbers near 1, the same each time.
  ///
  /// Writes them to a file, which is gone when this returns. Throws what writing throws.
  func binding() throws(SparrowError) -> WeightBinding {
    let model = try ModelConfiguration(huggingFace: config, file: name)
    var random = SeededRandom(seed: 17)
    var writer = SafetensorsWriter()
    for tensor in try model.newTensors(attentionBias: true, networkBias: true) {
      let offset = tensor.isNorm ? 1 - (model.finalNorm?.weightOffset ?? 0) : 0
      let scale: Float = tensor.isMatrix ? 1.7 / Float(tensor.shape.last!).squareRoot() : 0.3
      let values = (0..<tensor.elementCount).map { _ in
        offset + scale * (2 * random.uniform() - 1)
      }
      let own: ElementType = tensor.isMatrix ? type : .f32
      try writer.add(
        name: tensor.name, type: own, shape: tensor.shape,
        bytes: own.encode(values, tensor: tensor.name))
    }
    let path = "/tmp/sparrow-check-\(SystemRandomNumberGenerator.number).safetensors"
    try writer.write(to: path)
    defer { try? Files.remove(path) }
    return try WeightBinding(checkpoint: .open(path), configuration: model)
  }
}

extension StoredTensor {
  fileprivate var isNorm: Bool { roles[0].kind.isNormWeight || roles[0].kind == .layerScale }
}

extension SystemRandomNumberGenerator {
  fileprivate static var number: UInt64 {
    var random = SystemRandomNumberGenerator()
    return random.next()
  }
}
