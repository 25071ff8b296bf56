/// One transformer layer.
public struct LayerDescription: Sendable, Equatable {
  /// Where the norms stand around attention and feed-forward network.
  public enum NormPlacement: String, Sendable {
    /// Before each (most families).
    case before
    /// After each residual addition (OPT-350M).
    case after
    /// Before each, and once more on its result before the addition (Gemma 2, Gemma 3).
    case around
    /// On each result before the addition, and nowhere else (OLMo 2).
    case result
    /// Before each, and both read the layer's own input: they stand side by side (GPT-NeoX, Falcon
    /// 40B).
    case parallel
    /// Side by side behind one norm (Falcon 7B, Command-R).
    case shared

    /// What the layer adds to its input is normed before the addition.
    package var normsResults: Bool { self == .around || self == .result }
  }

  public var norm: NormDescription
  public var placement: NormPlacement
  public var attention: AttentionDescription
  public var feedForward: FeedForwardDescription
  /// The layer's result is multiplied by a number of its own (Gemma 4).
  public var isScaled = false
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

/// Self-attention, causal unless it says otherwise.
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
  /// A query sees the positions behind its own too (BERT).
  public var isBidirectional = false
  /// Norms on queries and keys before rotation (Qwen 3, Gemma 3).
  public var headNorm: NormDescription?
  /// What one of those norms is made over.
  public var headNormSpan: HeadNormSpan = .head
  /// The norm, without weights, on each value head (Gemma 4).
  public var valueNorm: NormDescription?
  /// Values are what keys are before their norm, and have no matrix of their own (Gemma 4).
  public var valuesAreKeys = false
  /// Each head's result is multiplied by the logistic function of a gate (Qwen 3.5).
  public var isGated = false
  /// nil for models with learned positions, and for layers that know none (SmolLM3).
  public var rotary: RotaryDescription?

  public enum HeadNormSpan: String, Sendable {
    /// Each head, all by the same weights.
    case head
    /// Each head, by weights of its own (Command-R).
    case ownHead
    /// All heads at once (OLMo 2).
    case allHeads
  }

  /// Every query head has keys and values of its own.
  public var isMultiHead: Bool { heads == keyValueHeads }
  /// Query heads of a head group.
  package var groupHeads: Int { heads / keyValueHeads }
  /// Elements of a head group's queries.
  package var groupWidth: Int { groupHeads * headDimension }
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
