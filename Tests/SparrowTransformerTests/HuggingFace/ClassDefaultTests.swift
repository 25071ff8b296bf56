import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTransformer

/// Fields that a `config.json` leaves out, and those that nobody reads.
@Suite struct ClassDefaultTests {
  private func read(_ text: String) throws -> ModelConfiguration {
    try ModelConfiguration(huggingFace: JSON.parse(text), file: "config.json")
  }

  @Test func everyFamilyHasItsClassesDefaultsAndReadsNoOtherFields() {
    // Older spellings, and what classes take that have no field for it.
    let older: Set = [
      "rope_scaling", "head_dim", "sliding_window_pattern", "partial_rotary_factor", "rotary_pct",
      "rotary_emb_base", "global_head_dim", "num_global_key_value_heads", "is_decoder",
      "position_embedding_type",
    ]
    for family in HuggingFaceFamily.all {
      let fields = Set((family.defaults.members ?? []).map(\.key))
      #expect(fields.contains("tie_word_embeddings"), "no defaults of \(family.type)")
      #expect(family.reads.subtracting(fields).isSubset(of: older), "\(family.type)")
    }
  }

  /// Classes whose own model has layers that Sparrow does not compute, with the field that says so.
  static let strangers = [
    "gemma4": "hidden_size_per_layer_input", "gemma4_text": "hidden_size_per_layer_input",
    "granitemoehybrid": "num_local_experts", "qwen3_5": "layer_types",
    "qwen3_5_text": "layer_types",
  ]

  @Test(arguments: HuggingFaceFamily.all.map(\.type))
  func aFileThatLeavesAllOutIsTheClassesOwnModel(type: String) throws {
    let text = #"{"model_type": "\#(type)"}"#
    if let field = Self.strangers[type] {
      #expect(#expect(throws: SparrowError.self) { try read(text) }?.field == field)
    } else {
      #expect(try read(text).layers.count >= 12)
    }
  }

  /// As google/gemma-3-4b-it is published.
  @Test func gemma3WithHardlyAnyFieldsIsRead() throws {
    let model = try read(
      """
      {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3",
       "boi_token_index": 255999, "eos_token_id": [1, 106], "image_token_index": 262144,
       "initializer_range": 0.02, "mm_tokens_per_image": 256, "torch_dtype": "bfloat16",
       "text_config": {"hidden_size": 2560, "intermediate_size": 10240,
         "model_type": "gemma3_text", "num_hidden_layers": 34,
         "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024},
       "vision_config": {"hidden_size": 1152, "model_type": "siglip_vision_model"}}
      """)
    #expect(model.vocabulary == 262_208 && model.tiedHead && model.contextLength == 131_072)
    let (local, global) = (model.layers[0].attention, model.layers[5].attention)
    #expect(local.heads == 8 && local.keyValueHeads == 4 && local.headDimension == 256)
    #expect(local.window == 1024 && local.rotary?.base == 10_000 && local.scale == 1 / 16)
    #expect(global.window == 0 && global.rotary?.base == 1_000_000)
    #expect(global.rotary?.scaling == .linear(factor: 8))
  }

  @Test func nullIsNotLeftOut() throws {
    let gemma = #"{"model_type": "gemma2", "attn_logit_softcapping": null, "head_dim": 128}"#
    #expect(try read(gemma).layers[0].attention.softcap == 0)
    #expect(try read(#"{"model_type": "gemma2"}"#).layers[0].attention.softcap == 50)
    #expect(try read(#"{"model_type": "mistral"}"#).layers[0].attention.window == 4096)
    let open = #"{"model_type": "mistral", "sliding_window": null, "num_key_value_heads": null}"#
    #expect(try read(open).layers[0].attention.window == 0)
    #expect(try read(open).layers[0].attention.keyValueHeads == 32)
    #expect(try read(#"{"model_type": "qwen3"}"#).layers[0].attention.headDimension == 128)
    let error = #expect(throws: SparrowError.self) {
      try read(#"{"model_type": "llama", "hidden_size": null}"#)
    }
    #expect(error?.field == "hidden_size")
  }

  @Test func theLastOfTwoValuesCounts() throws {
    let model = try read(
      #"{"model_type": "llama", "num_hidden_layers": 9, "num_hidden_layers": 3}"#)
    #expect(model.layers.count == 3)
  }

  static let refusals: [(type: String, field: String, value: String)] = [
    ("llama", "quantization_config", #"{"quant_method": "gptq", "bits": 4}"#),
    ("llama", "num_experts", "8"), ("llama", "num_local_experts", "8"),
    ("llama", "is_encoder_decoder", "true"), ("llama", "clip_qkv", "6.0"),
    ("llama", "attn_logit_softcapping", "30.0"), ("llama", "partial_rotary_factor", "0.5"),
    ("llama", "rope_interleaved", "true"), ("llama", "is_causal", "false"),
    ("llama", "residual_multiplier", "0.2"), ("llama", "sliding_window", "16"),
    ("qwen2", "use_qk_norm", "true"), ("gemma2", "use_bidirectional_attention", "true"),
    ("gemma3_text", "use_bidirectional_attention", "true"), ("gpt2", "add_cross_attention", "true"),
    ("gpt2", "scale_attn_by_inverse_layer_idx", "true"), ("gpt2", "scale_attn_weights", "false"),
    ("opt", "enable_bias", "false"), ("opt", "layer_norm_elementwise_affine", "false"),
    ("qwen2", "layer_types", #"["linear_attention"]"#), ("llama", "hidden_size", "\"64\""),
    ("llama", "tie_word_embeddings", "1"), ("llama", "rms_norm_eps", "\"1e-5\""),
  ]

  @Test(arguments: 0..<refusals.count)
  func whatWouldChangeWhatIsComputedIsRefusedByName(index: Int) throws {
    let (type, field, value) = Self.refusals[index]
    let error = #expect(throws: SparrowError.self) {
      try read(#"{"model_type": "\#(type)", "\#(field)": \#(value)}"#)
    }
    #expect(error?.field == field)
  }

  @Test(arguments: [
    #""is_encoder_decoder": false"#, #""quantization_config": null"#, #""num_experts": 0"#,
    #""partial_rotary_factor": 1.0"#, #""residual_multiplier": 1"#, #""rope_interleaved": false"#,
    #""unsloth_version": "2024.9""#, #""pretraining_tp": 2"#, #""attention_dropout": 0.5"#,
    #""rope_scaling": {}"#, #""rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}"#,
  ])
  func whatSaysWhatIsComputedAnywayChangesNothing(field: String) throws {
    #expect(
      try read(#"{"model_type": "llama", \#(field)}"#) == read(#"{"model_type": "llama"}"#))
  }

  static let rotations: [(fields: String, found: RotaryScaling?)] = [
    (#""rope_scaling": {"type": "linear", "factor": 2}"#, .linear(factor: 2)),
    (
      #""rope_scaling": {"type": "linear", "factor": 2}, "rope_parameters": {"rope_theta": 7.0}"#,
      .linear(factor: 2)
    ),
    (#""rope_scaling": {"type": "linear", "factor": 2, "beta_fast": 3}"#, nil),
    (#""rope_parameters": {"full_attention": {"rope_theta": 7.0}}"#, nil),
    (#""rope_scaling": {"type": "linear", "factor": "2"}"#, nil),
    (
      #""rope_scaling": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 0, "beta_slow": null}"#,
      .yarn(factor: 4, originalContext: 2048, betaFast: 32, betaSlow: 1, magnitude: nil)
    ),
    (
      #""rope_scaling": {"rope_type": "yarn", "factor": 4.0, "mscale": 1, "mscale_all_dim": 1}"#,
      .yarn(factor: 4, originalContext: 2048, betaFast: 32, betaSlow: 1, magnitude: 1)
    ),
  ]

  @Test(arguments: 0..<rotations.count)
  func bothSpellingsOfRotationAreRead(index: Int) throws {
    let (fields, expected) = Self.rotations[index]
    let text = #"{"model_type": "llama", \#(fields)}"#
    guard let expected else {
      #expect(throws: SparrowError.self) { try read(text) }
      return
    }
    let rotary = try #require(read(text).layers[0].attention.rotary)
    #expect(rotary.scaling == expected && rotary.base == 10_000)
  }
}

/// Damaged configurations are read or refused, never more.
@Suite struct DamagedConfigurationTests {
  @Test(arguments: Fixtures.models)
  func damagedFieldsDoNotTrap(name: String) throws {
    let bytes = try contents(of: Fixtures.path("models/\(name)/config.json"))
    var mutator = Mutator(seed: 3)
    for _ in 0..<200 {
      do {
        let json = try JSON.parse(mutator.mutate(bytes))
        _ = try ModelConfiguration(huggingFace: json, file: "config.json")
      } catch {
        #expect(!error.description.contains("\n"))
      }
    }
  }
}
