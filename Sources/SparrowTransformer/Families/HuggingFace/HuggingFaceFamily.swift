import SparrowCore

/// A `model_type` of Hugging Face, as data: which fields of its `config.json` are read, and what becomes of
/// them. A field that changes what is computed and is not read must hold its class's default.
struct HuggingFaceFamily: Sendable {
  typealias Reader = @Sendable (HuggingFaceFields) throws(SparrowError) -> ModelConfiguration

  /// `model_type`.
  let type: String
  /// The fields that `configuration` asks for.
  let reads: Set<String>
  let configuration: Reader
  /// The class's defaults (`ClassDefaults.swift`).
  let defaults: JSON

  init(_ type: String, reads: [String], configuration: @escaping Reader) {
    self.type = type
    self.reads = Set(reads)
    self.configuration = configuration
    defaults = Self.classDefaults.first { $0["model_type"]?.string == type } ?? .object([])
  }

  /// A model of text and pictures, whose `text_config` is a `model_type` of its own.
  init(_ type: String, text: String) {
    self.init(type, reads: ["text_config", "tie_word_embeddings"]) { f throws(SparrowError) in
      let family = Self.named(text)!
      let inner =
        try f.object("text_config", of: family)
        ?? HuggingFaceFields(json: .object([]), file: f.file, family: family)
      try inner.check()
      var model = try family.configuration(inner)
      model.tiedHead = try f.flag("tie_word_embeddings")
      return model
    }
  }

  static func named(_ type: String) -> HuggingFaceFamily? { all.first { $0.type == type } }

  private static let classDefaults: [JSON] = {
    guard let list = try? JSON.parse(classDefaultsText).array else {
      preconditionFailure("ClassDefaults.swift holds no JSON list")
    }
    return list
  }()

  // MARK: The families

  static let all: [HuggingFaceFamily] = [
    HuggingFaceFamily(
      "gemma2", reads: gemma + ["attn_logit_softcapping"],
      configuration: ModelConfiguration.gemma),
    HuggingFaceFamily("gemma3", text: "gemma3_text"),
    HuggingFaceFamily(
      "gemma3_text",
      reads: gemma + ["attn_logit_softcapping", "rope_local_base_freq", "sliding_window_pattern"],
      configuration: ModelConfiguration.gemma),
    HuggingFaceFamily(
      "gpt2",
      reads: [
        "vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner",
        "activation_function", "layer_norm_epsilon", "tie_word_embeddings",
      ], configuration: ModelConfiguration.gpt2),
    HuggingFaceFamily(
      "llama", reads: llama + ["attention_bias", "mlp_bias"],
      configuration: ModelConfiguration.llama),
    HuggingFaceFamily(
      "mistral", reads: llama + ["sliding_window"], configuration: ModelConfiguration.llama),
    HuggingFaceFamily(
      "opt",
      reads: [
        "vocab_size", "hidden_size", "num_hidden_layers", "ffn_dim", "max_position_embeddings",
        "do_layer_norm_before", "_remove_final_layer_norm", "word_embed_proj_dim",
        "num_attention_heads", "activation_function", "tie_word_embeddings",
      ], configuration: ModelConfiguration.opt),
    HuggingFaceFamily("qwen2", reads: llama + windows, configuration: ModelConfiguration.llama),
    HuggingFaceFamily(
      "qwen3", reads: llama + windows + ["attention_bias"],
      configuration: ModelConfiguration.llama),
  ]

  private static let llama =
    [
      "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
      "num_key_value_heads", "head_dim", "hidden_act", "max_position_embeddings", "rms_norm_eps",
      "tie_word_embeddings",
    ] + rotary

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
}
