import SparrowCore

/// An architecture of GGUF files, as data: the keys that it computes by, and what llama.cpp makes
/// of it.
struct GGUFArchitecture: Sendable {
  /// Which elements of a head turn together.
  enum Pairs: Sendable { case neighbours, halves }

  /// Where the norms stand: always so, or as a key or a tensor says.
  enum Placement: Sendable {
    case always(LayerDescription.NormPlacement)
    case byKey(String, true: LayerDescription.NormPlacement, false: LayerDescription.NormPlacement)
    case byTensor(
      String, there: LayerDescription.NormPlacement, absent: LayerDescription.NormPlacement)
  }

  /// Layers that attend to a window.
  struct Windows: Sendable {
    /// What turns heads in these layers.
    enum Scaling { case asOthers, factorOnly, none }

    /// Where a file does not list them: every so many layers one attends to all.
    var pattern: Int
    /// Positions of a window; nil for no windows at all.
    var size: Int?
    /// The base by which these layers turn; nil for that of the others.
    var base: Double?
    /// What of a file's scaling counts in these layers.
    var scaling = Scaling.asOthers
    /// The other layers know no positions.
    var onlyTheseTurn = false
  }

  /// Multipliers that a file may have, each 1 where it says nothing.
  struct Multipliers: Sendable {
    /// What logits are multiplied by, or divided.
    var logits: (key: String, divides: Bool)?
    /// Of the embedding, of what each layer adds, and the scores' scale.
    var embedding: String?
    var residual: String?
    var scores: String?
  }

  /// A tensor that holds several matrices, one after the other.
  typealias Fused = (members: [WeightRole.Kind], stem: String)

  /// `general.architecture`, and the prefix of its keys.
  let name: String
  /// Keys without their prefix, all of which change what is computed. Others are in `GGUFKeys`, or
  /// refused.
  var reads: [String]
  var norm = NormDescription.Kind.rms
  var placement = Placement.always(.before)
  /// What norms on queries and keys are made over; nil for none. Those of a head's own weights are
  /// there where a file has them.
  var headNorms: AttentionDescription.HeadNormSpan?
  /// Where no `hidden_activation` says otherwise.
  var activation = Activation.silu
  var isGated = true
  /// Layers with windows have heads of their own size, each layer its own number of heads of keys,
  /// and keys stand for values where a layer has no matrix of values.
  var hasHeadsByLayer = false
  /// Value heads are normed.
  var normsValues = false
  /// nil for learned positions.
  var pairs: Pairs?
  /// A part of each head may turn alone.
  var mayTurnParts = false
  /// Every so many layers one knows no positions.
  var stillEvery: Int?
  var windows: Windows?
  /// The embedding is multiplied by the root of its width.
  var scalesEmbedding = false
  var multipliers = Multipliers()
  /// What scores are multiplied by; nil for one over the root of a head's size.
  var scoreScale: Float?
  /// Layers of the size whose scores are divided by the root of width over heads, not of the head.
  var wideScaleLayers: Int?
  /// Caps where a file has none; 0 for none.
  var softcaps = (scores: 0.0, logits: 0.0)
  var fused: [Fused] = []
  /// The matrices and norms that may have biases.
  var biases: [WeightRole.Kind] = []
  /// `rope_freqs.weight` may divide the frequencies.
  var hasFrequencyFactors = false
  /// `rope_factors_short.weight` and `rope_factors_long.weight` may, by the length of the sequence.
  var hasLongFactors = false

  static func named(_ name: String) -> GGUFArchitecture? { all.first { $0.name == name } }

  /// Names of tensors without a role: what `configuration` makes of rotation.
  var rotationTensors: [String] {
    (hasFrequencyFactors ? ["rope_freqs.weight"] : [])
      + (hasLongFactors ? ["rope_factors_short.weight", "rope_factors_long.weight"] : [])
  }
}
