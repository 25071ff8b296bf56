import SparrowEngine

/// What a request gave since its last piece.
public struct GenerationPiece: Sendable, Equatable {
  /// Text that is certain now: it may lag behind the tokens by a part of a character or of a stop
  /// text.
  public var text = ""
  /// The new tokens, an end token included.
  public var tokens: [GeneratedToken] = []
  /// The prompt's tokens, once, where the request scores them.
  public var prompt: [GeneratedToken] = []
  /// What each of `tokens` touched, where the request asks: the first one, which the prompt's last
  /// row gives, nothing.
  public var activity: [TokenActivity] = []
  /// What the request did; only the last piece has it.
  public var result: GenerationResult?

  public init() {}

  /// There is nothing to read.
  var isEmpty: Bool { text.isEmpty && tokens.isEmpty && prompt.isEmpty && result == nil }
}

/// A token of a request, and how likely the model held it.
public struct GeneratedToken: Sendable, Equatable {
  public var id: Int32
  /// Its own text, which may be a part of a character.
  public var bytes: [UInt8]
  /// Natural logarithm; nil where the request asks for none, and for a prompt's first token.
  public var logProbability: Float?
  /// The likeliest tokens at its place, likeliest first.
  public var likeliest: [TokenProbability] = []
}

/// A token that could have been.
public struct TokenProbability: Sendable, Equatable {
  public var id: Int32
  /// Natural logarithm.
  public var logProbability: Float
}

/// What decoding one token touched.
public struct TokenActivity: Sendable, Equatable {
  /// One layer's selection.
  public struct Layer: Sendable, Equatable {
    public var layer: Int
    /// Groups of the network, ascending; nil where the network is dense.
    public var groups: [Int32]?
    /// Head groups of attention, ascending; nil where attention is dense.
    public var heads: [Int32]?
  }

  /// Ascending by layer; layers that are dense are left out.
  public var layers: [Layer] = []
}

extension TokenActivity {
  /// Notes what a part of a layer touches; the layers come in ascending order.
  mutating func add(_ selected: Selected) {
    if layers.last?.layer != selected.layer { layers.append(Layer(layer: selected.layer)) }
    switch selected.part {
    case .network: layers[layers.count - 1].groups = selected.indices
    case .attention: layers[layers.count - 1].heads = selected.indices
    case .inputs: break
    }
  }
}
