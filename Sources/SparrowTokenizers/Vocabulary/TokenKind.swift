/// What a token stands for; raw values are GGUF's `tokenizer.ggml.token_type`.
public enum TokenKind: UInt8, Sendable {
  /// Ordinary text.
  case normal = 1
  /// The token for text that no other token covers.
  case unknown = 2
  /// Steers the model and is no text: the start, the end, a turn.
  case control = 3
  /// Text that always is one token.
  case userDefined = 4
  case unused = 5
  /// One byte of a character that has no token of its own.
  case byte = 6

  /// Whether decoding leaves it out when special tokens are skipped.
  var isSpecial: Bool { self == .control || self == .unknown }
  /// Whether merging can produce it.
  var isMergeable: Bool { self == .normal || self == .unused }
}
