import SparrowCore

/// An architecture of GGUF files, as data: the keys that it computes by, and what llama.cpp makes of it.
struct GGUFArchitecture: Sendable {
  /// Which elements of a head turn together.
  enum Pairs: Sendable { case neighbours, halves }

  /// Which layers attend to a window, where a file does not list them.
  struct Windows: Sendable {
    /// Every so many layers one attends to all.
    var pattern: Int
    /// Positions of a window; nil for no windows at all.
    var size: Int?
    /// The base by which those layers turn; nil for that of the others.
    var base: Double?
    /// Whether a file's scaling stretches the rotation of those layers too.
    var isScaled = false
  }

  /// `general.architecture`, and the prefix of its keys.
  let name: String
  /// Keys without their prefix, all of which change what is computed. Others are in `GGUFKeys`, or refused.
  var reads: [String]
  var norm = NormDescription.Kind.rms
  var placement = LayerDescription.NormPlacement.before
  var hasHeadNorms = false
  /// Where no `hidden_activation` says otherwise.
  var activation = Activation.silu
  var isGated = true
  /// nil for learned positions.
  var pairs: Pairs?
  var windows: Windows?
  /// The embedding is multiplied by the root of its width.
  var scalesEmbedding = false
  /// Layers of the size whose scores are divided by the root of width over heads, not of the head.
  var wideScaleLayers: Int?
  /// Caps where a file has none; 0 for none.
  var softcaps = (scores: 0.0, logits: 0.0)
  /// The matrices and norms that may have biases.
  var biases: [WeightRole.Kind] = []
  /// `rope_freqs.weight` may divide the frequencies.
  var hasFrequencyFactors = false

  static func named(_ name: String) -> GGUFArchitecture? { all.first { $0.name == name } }

  static let all: [GGUFArchitecture] = [
    GGUFArchitecture(
      name: "gemma2",
      reads: rotary + windows + ["attn_logit_softcapping", "final_logit_softcapping"],
      placement: .around, activation: .geluTanh, pairs: .halves,
      windows: Windows(pattern: 2, size: 4096, isScaled: true), scalesEmbedding: true,
      wideScaleLayers: 46, softcaps: (50, 30), biases: projections),
    GGUFArchitecture(
      name: "gemma3", reads: rotary + windows + ["final_logit_softcapping"],
      placement: .around, hasHeadNorms: true, activation: .geluTanh, pairs: .halves,
      windows: Windows(pattern: 6, base: 10_000), scalesEmbedding: true, wideScaleLayers: 62,
      biases: projections),
    GGUFArchitecture(
      name: "gpt2", reads: common + ["attention.layer_norm_epsilon"],
      norm: .layer, activation: .geluTanh, isGated: false,
      biases: projections + [.output, .up, .down, .attentionNorm, .feedForwardNorm, .finalNorm]),
    GGUFArchitecture(
      name: "llama", reads: rotary, pairs: .neighbours,
      biases: projections + [.output, .gate, .up, .down], hasFrequencyFactors: true),
    GGUFArchitecture(name: "qwen2", reads: rotary, pairs: .halves, biases: projections),
    GGUFArchitecture(
      name: "qwen3", reads: rotary, hasHeadNorms: true, pairs: .halves, biases: projections),
  ]

  private static let common = [
    "context_length", "embedding_length", "block_count", "feed_forward_length",
    "hidden_activation", "attention.head_count", "attention.head_count_kv",
    "attention.key_length", "attention.value_length",
  ]

  private static let rotary =
    common + [
      "attention.layer_norm_rms_epsilon", "rope.dimension_count", "rope.freq_base",
      "rope.scale_linear", "rope.scaling.type", "rope.scaling.factor",
      "rope.scaling.original_context_length", "rope.scaling.attn_factor",
    ]

  private static let windows = [
    "attention.sliding_window", "attention.sliding_window_pattern", "rope.freq_base_swa",
    "attention.key_length_swa", "attention.value_length_swa", "rope.dimension_count_swa",
  ]

  private static let projections: [WeightRole.Kind] = [.query, .key, .value]
}
