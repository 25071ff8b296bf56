/// The names under which one kind of checkpoint keeps its tensors: `{}` stands for the layer.
struct WeightNames {
  /// A tensor, or the rows of one member of a fused one.
  struct Name {
    var pattern: String
    /// What the same tensor is called in older checkpoints.
    var oldPattern: String?
    /// Whose rows stand in the tensor, in this order; nobody but its own where it is empty.
    var members: [WeightRole.Kind] = []
    var turns = Turns.whole
  }

  /// How the members of a fused tensor share its rows.
  enum Turns {
    /// They follow each other whole.
    case whole
    /// They take turns, each key/value head's rows together (GPT-NeoX, Falcon).
    case byKeyValueHead
    /// The same by query heads (Qwen 3.5).
    case byHead
  }

  var names: [WeightRole.Kind: Name]
  /// Matrices are stored `[in, out]` (GPT-2's `Conv1D`).
  var transposed = false
  /// Prefixes that a checkpoint may have or lack as a whole, tried in order.
  var prefixes = [""]
  /// Ends of the names of tensors that hold no weights (old buffers).
  var ignoredSuffixes = [
    "rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias",
    ".attention.masked_bias", "position_ids",
  ]
  /// Beginnings of the names of tensors outside the text model.
  var ignoredPrefixes: [String] = []

  subscript(kind: WeightRole.Kind) -> Name? { names[kind] }

  /// Adds `weight` and `bias` names under one stem.
  mutating func add(_ kind: WeightRole.Kind, _ stem: String) {
    names[kind] = Name(pattern: stem + ".weight")
    if let bias = kind.bias { names[bias] = Name(pattern: stem + ".bias") }
  }

  /// One tensor holds them all, in this order.
  mutating func fuse(_ kinds: [WeightRole.Kind], _ stem: String, _ turns: Turns = .whole) {
    let biases = kinds.compactMap(\.bias)
    for kind in kinds {
      names[kind] = Name(pattern: stem + ".weight", members: kinds, turns: turns)
    }
    for bias in biases {
      names[bias] = Name(pattern: stem + ".bias", members: biases, turns: turns)
    }
  }

  init(_ stems: [(WeightRole.Kind, String)]) {
    names = [:]
    for (kind, stem) in stems { add(kind, stem) }
  }
}
