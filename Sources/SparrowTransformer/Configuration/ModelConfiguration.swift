package import SparrowCore

/// What a transformer computes, as data: every supported family is a value of this type.
public struct ModelConfiguration: Sendable, Equatable {
  /// The family's own name for itself: `llama`, `qwen3`, `opt`, ...
  public var architecture: String
  /// Width of the residual stream.
  public var hidden: Int
  /// Rows of the token embedding and of the vocabulary head.
  public var vocabulary: Int
  /// Width of the token embedding; differs from `hidden` when projections stand between (OPT-350M).
  public var embeddingWidth: Int
  /// Factor on the token embedding (Gemma: the root of `hidden`).
  public var embeddingScale: Float = 1
  /// Positions the model was trained for.
  public var contextLength: Int
  /// Learned position embeddings: the row of position 0 (OPT: 2); nil for rotary models.
  public var learnedPositionOffset: Int?
  /// Rows of the token type embedding, of which a single text has the first; 0 without one (BERT
  /// has two).
  public var tokenTypes = 0
  /// The norm behind the embeddings (BERT).
  public var embeddingNorm: NormDescription?
  public var layers: [LayerDescription]
  /// The norm before the vocabulary head; nil when there is none (OPT-350M).
  public var finalNorm: NormDescription?
  /// The head is the token embedding.
  public var tiedHead: Bool
  /// Cap c of logits: c * tanh(logit / c); 0 for none (Gemma 2).
  public var logitSoftcap: Float = 0
  /// Factor on the logits.
  public var logitScale: Float = 1

  /// The different rotary embeddings of the layers, each once, in order of appearance.
  public var rotaries: [RotaryDescription] {
    var seen: [RotaryDescription] = []
    for case let rotary? in layers.map(\.attention.rotary) where !seen.contains(rotary) {
      seen.append(rotary)
    }
    return seen
  }

  /// The length beyond which a sequence turns by other frequencies, all of it; nil where length
  /// changes nothing.
  public var longRotaryBeyond: Int? { rotaries.lazy.compactMap { $0.long?.beyond }.first }

  /// Reads a text whole and gives a vector for each token: there is no vocabulary head.
  public var isEncoder: Bool { layers.contains { $0.attention.isBidirectional } }

  /// Throws `.unsupported` for an encoder, which writes no text.
  package func requireDecoder(file: String) throws(SparrowError) {
    guard isEncoder else { return }
    throw SparrowError(
      .unsupported, file: file, field: "architecture",
      found: "'\(architecture)', an encoder, which writes no text",
      expected: "a decoder; sparrow embed runs encoders")
  }

  /// Elements of key/value cache for one token.
  public var cacheElementsPerToken: Int { cacheElements(before: layers.count) }
}
