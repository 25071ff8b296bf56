/// One transformer layer.
public struct LayerDescription: Sendable, Equatable {
  /// Where the norms stand around attention and feed-forward network.
  public enum NormPlacement: String, Sendable {
    /// Before each (all but the two below).
    case before
    /// After each residual addition (OPT-350M).
    case after
    /// Before each, and once more on its result before the addition (Gemma 2, Gemma 3).
    case around
  }

  public var norm: NormDescription
  public var placement: NormPlacement
  public var attention: AttentionDescription
  public var feedForward: FeedForwardDescription
}

/// A normalisation.
public struct NormDescription: Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// x / sqrt(mean(x^2) + epsilon) * weight
    case rms
    /// (x - mean) / sqrt(variance + epsilon) * weight + bias
    case layer
  }

  public var kind: Kind
  public var epsilon: Float
  /// Added to the stored weight (Gemma checkpoints store weight - 1).
  public var weightOffset: Float = 0
}

/// Causal self-attention.
public struct AttentionDescription: Sendable, Equatable {
  public var heads: Int
  /// Key/value heads; each serves `heads / keyValueHeads` query heads, a head group.
  public var keyValueHeads: Int
  public var headDimension: Int
  /// Factor on the scores.
  public var scale: Float
  /// Cap c of scores: c * tanh(score / c); 0 for none (Gemma 2).
  public var softcap: Float = 0
  /// A query sees this many positions, itself included; 0 for all.
  public var window: Int = 0
  /// RMS norms on each query and key head before rotation (Qwen 3, Gemma 3).
  public var headNorm: NormDescription?
  /// nil for models with learned positions.
  public var rotary: RotaryDescription?

  /// Every query head has keys and values of its own.
  public var isMultiHead: Bool { heads == keyValueHeads }
}

/// A feed-forward network: down(activation(gate(x)) * up(x)), or down(activation(up(x))).
public struct FeedForwardDescription: Sendable, Equatable {
  /// Neurons.
  public var width: Int
  public var activation: Activation
  public var gated: Bool
}

/// The non-linearity of a feed-forward network.
public enum Activation: String, Sendable {
  case relu
  case reluSquared
  case silu
  /// x * Phi(x), exact.
  case gelu
  /// The tanh form.
  case geluTanh

  /// Whether most activations are exactly zero.
  package var isSparse: Bool { self == .relu || self == .reluSquared }
}
