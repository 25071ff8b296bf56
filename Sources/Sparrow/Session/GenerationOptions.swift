public import SparrowCore

/// When generation ends and how tokens are chosen.
public struct GenerationOptions: Sendable, Equatable {
  /// New tokens at most.
  public var maximumTokens: Int
  public var sampling: SamplingOptions
  /// Generation ends where the first of these texts begins, which is not given out: the one that
  /// begins earliest, though another may be complete before it, and of those that begin together
  /// the shortest. Each has at most `longestStop` bytes.
  public var stop: [String]
  /// Goes on past the model's end tokens.
  public var ignoresEnd: Bool

  public init(
    maximumTokens: Int = 256, sampling: SamplingOptions = .greedy, stop: [String] = [],
    ignoresEnd: Bool = false
  ) {
    self.maximumTokens = maximumTokens
    self.sampling = sampling
    self.stop = stop
    self.ignoresEnd = ignoresEnd
  }

  /// Bytes of a stop text, at most: so much text may be held back.
  public static let longestStop = 4096

  /// Throws `.argument`, naming the field, for a value outside its range.
  public func validate() throws(SparrowError) {
    guard maximumTokens >= 0 else {
      throw SparrowError(
        .argument, field: "tokens", found: "\(maximumTokens)", expected: "0 or more")
    }
    if let long = stop.first(where: { $0.utf8.count > Self.longestStop }) {
      throw SparrowError(
        .argument, field: "stop", found: "a text of \(long.utf8.count) bytes",
        expected: "at most \(Self.longestStop)")
    }
    try sampling.validate()
  }
}

/// What a generation did.
public struct GenerationResult: Sendable, Equatable {
  /// Why it ended.
  public enum Reason: String, Sendable {
    /// The model's end token.
    case end
    /// `maximumTokens`.
    case length
    /// A text of `stop`.
    case stop
    /// The session's context is full.
    case context
    /// The receiver asked to stop.
    case cancelled
  }

  public var text = ""
  /// The new tokens, an end token included.
  public var tokens: [Int32] = []
  public var reason = Reason.length
  public var promptTokens = 0
  /// Tokens of the prompt whose keys and values a scheduler's cache had.
  public var cachedTokens = 0
  /// Until the first token; of a scheduler's request since it was submitted.
  public var promptSeconds = 0.0
  public var decodeSeconds = 0.0
  /// Steps at which a sparse head was in doubt and computed all logits.
  public var fallbacks = 0

  /// New tokens after the first, a second; the first one's cost is the prompt's.
  public var tokensPerSecond: Double {
    decodeSeconds > 0 ? Double(max(tokens.count - 1, 0)) / decodeSeconds : 0
  }
}
