public import Sparrow
public import SparrowCore
internal import SparrowTransformer

/// Makes layers sparse, their feed-forward networks, their attention or both, from one pass over a text.
public enum LayerCalibration {
  /// What `choose` decided; nil for what was not asked for.
  public struct Choice: Sendable {
    public var networks: FeedForwardCalibration.Choice?
    public var attention: AttentionCalibration.Choice?
  }

  /// Positions of held-out windows that predictors are measured on.
  static let samples = 768

  /// Fits predictors for all layers and chooses which layers use them. The model is dense again afterwards.
  ///
  /// Without a target every network is sparse at its options' density. Records `tokens` of the text in windows of `window`; with a `recording` it goes on where that stopped, and
  /// leaves it for the caller to remove. Throws `.argument` for options outside their ranges, a text of fewer than two windows and targets that
  /// no plan reaches, `.unsupported` for a method that does not fit the model, `.cancelled`. Costs a pass over the
  /// text, and some 800 decoded tokens for each layer of either and each step of a search for a perplexity.
  public static func choose(
    model: Model, text: String, tokens: Int = 30_000, window: Int = 512,
    networks: (options: FeedForwardCalibration.Options, target: PlanTarget?)? = nil,
    attention: (options: AttentionCalibration.Options, target: PlanTarget)? = nil,
    recording: RecordingFile? = nil, progress: Progress = .none
  ) throws(SparrowError) -> Choice {
    try networks?.options.validate(model.configuration)
    try networks?.target?.validate()
    try attention?.options.validate()
    try attention?.target.validate()
    if attention != nil { try AttentionCalibration.requireGroups(model) }
    let pass = try TextPass(model, text: text, tokens: tokens, window: window, samples: samples)
    let layers = networks.map { LayerRecorder(pass, crossing: $0.options.crossing) }
    let heads = attention.map { AttentionRecorder(pass, lookahead: $0.options.lookahead) }
    let both: [(any WindowRecorder)?] = [layers, heads]
    let recorders = both.compactMap { $0 }
    try pass.run(recorders, file: recording, progress: progress.part(0..<0.15))
    let heldOut = pass.text.heldOutWindows
    var choice = Choice()
    let share = layers == nil || heads == nil ? 0.85 : 0.425
    if let layers, let networks {
      choice.networks = try FeedForwardCalibration.choose(
        layers, heldOut: heldOut, model: model, options: networks.options, target: networks.target,
        progress: progress.part(0.15..<0.15 + share))
    }
    if let heads, let attention {
      choice.attention = try AttentionCalibration.choose(
        heads, heldOut: heldOut, model: model, options: attention.options,
        target: attention.target, progress: progress.part(1 - share..<1))
    }
    return choice
  }
}
