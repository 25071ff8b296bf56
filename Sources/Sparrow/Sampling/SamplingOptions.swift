public import SparrowCore

/// How the next token is chosen from the logits.
///
/// The steps run in llama.cpp's order: bias, penalties, top-k, top-p, min-p, temperature, draw. A
/// step at its neutral value is skipped.
public struct SamplingOptions: Sendable, Equatable {
  /// Divides the logits; 0, or too little to divide by, takes the likeliest token and draws nothing
  /// (greedy).
  public var temperature: Float
  /// Keeps this many of the likeliest tokens; 0 keeps all.
  public var topK: Int
  /// Keeps the fewest likeliest tokens whose probabilities reach this sum; 1 keeps all.
  public var topP: Float
  /// Keeps the tokens at least this likely, as a part of the likeliest one's probability; 0 keeps
  /// all.
  public var minP: Float
  /// Divides a positive and multiplies a negative logit of each token in the window (Keskar et al.
  /// 2019, CTRL; as Hugging Face does it); 1 leaves them.
  public var repetitionPenalty: Float
  /// How many of the last tokens, the prompt's too, count as repeated.
  public var repetitionWindow: Int
  /// Taken from the logit of each token that has been generated (OpenAI's `presence_penalty`).
  public var presencePenalty: Float
  /// Taken from a token's logit for each time that it has been generated (OpenAI's
  /// `frequency_penalty`).
  public var frequencyPenalty: Float
  /// Added to tokens' logits (OpenAI's `logit_bias`).
  public var bias: [Int32: Float]
  /// The same seed gives the same tokens for the same logits.
  public var seed: UInt64

  public init(
    temperature: Float = 0, topK: Int = 40, topP: Float = 0.95, minP: Float = 0.05,
    repetitionPenalty: Float = 1, repetitionWindow: Int = 64, presencePenalty: Float = 0,
    frequencyPenalty: Float = 0, bias: [Int32: Float] = [:], seed: UInt64 = 0
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
    self.repetitionWindow = repetitionWindow
    self.presencePenalty = presencePenalty
    self.frequencyPenalty = frequencyPenalty
    self.bias = bias
    self.seed = seed
  }

  /// Logits change by what has come, or by their token.
  var changesLogits: Bool {
    repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0 || !bias.isEmpty
  }

  /// The likeliest token each time.
  public static let greedy = SamplingOptions()

  /// The longest window: what it costs to keep one is memory for that many tokens.
  public static let maximumWindow = 1 << 20

  /// Throws `.argument` for the first value outside its range.
  public func validate() throws(SparrowError) {
    func require(_ holds: Bool, _ field: String, _ found: Any, _ expected: String)
      throws(SparrowError)
    {
      guard holds else {
        throw SparrowError(.argument, field: field, found: "\(found)", expected: expected)
      }
    }
    try require(
      temperature >= 0 && temperature.isFinite, "temperature", temperature, "0 or more")
    try require(topK >= 0, "top-k", topK, "0 (all) or more")
    try require(topP > 0 && topP <= 1, "top-p", topP, "more than 0, at most 1")
    try require(minP >= 0 && minP <= 1, "min-p", minP, "0 to 1")
    try require(
      repetitionPenalty > 0 && repetitionPenalty.isFinite, "repetition-penalty",
      repetitionPenalty, "more than 0 (1: none)")
    try require(
      (0...Self.maximumWindow).contains(repetitionWindow), "repetition-window", repetitionWindow,
      "0 to \(Self.maximumWindow)")
    try require(presencePenalty.isFinite, "presence-penalty", presencePenalty, "a number")
    try require(frequencyPenalty.isFinite, "frequency-penalty", frequencyPenalty, "a number")
    for (token, value) in bias {
      try require(token >= 0, "bias", "token \(token)", "0 or more")
      try require(value.isFinite, "bias", value, "a number")
    }
  }
}
