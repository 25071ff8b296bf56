internal import Sparrow
internal import SparrowCore
internal import SparrowTransformer

/// Makes layers sparse, their feed-forward networks, their attention or both, from one pass over a text.
enum LayerCalibration {
  /// What `choose` decided; nil for what was not asked for.
  struct Choice {
    var networks: FeedForwardCalibration.Choice?
    var attention: AttentionCalibration.Choice?
  }

  /// Positions of held-out windows that predictors are measured on.
  static let samples = 768

  /// Fits predictors for all layers and chooses which layers use them. The model is dense again
  /// afterwards.
  ///
  /// Options were validated for the model. With a `recording` it goes on where that stopped, and
  /// leaves it for the caller to remove. Throws `.argument` for a text of fewer than two windows and
  /// targets that no plan reaches, `.unsupported` for a method that does not fit the model,
  /// `.cancelled`.
  static func choose(
    model: Model, text: String, networks: FeedForwardCalibration.Options? = nil,
    attention: AttentionCalibration.Options? = nil, recording: RecordingFile? = nil,
    progress: Progress = .none
  ) throws(SparrowError) -> Choice {
    var choice = Choice()
    if let networks, case .learnt(let plans, let candidatesPerK) = networks.layers {
      choice.networks = try FeedForwardCalibration.sketches(
        model: model, text: text, options: networks, learnt: plans,
        candidatesPerK: candidatesPerK, progress: progress)
      return choice
    }
    let pass = try TextPass(
      model, text: text, tokens: networks?.tokens ?? attention!.tokens,
      window: networks?.window ?? attention!.window, samples: samples)
    let layers = networks.map { LayerRecorder(pass, crossing: $0.crossing) }
    let heads = attention.map { AttentionRecorder(pass, lookahead: $0.lookahead) }
    let both: [(any WindowRecorder)?] = [layers, heads]
    let recorders = both.compactMap { $0 }
    try pass.run(recorders, file: recording, progress: progress.part(0..<0.15))
    let heldOut = pass.text.heldOutWindows
    let share = layers == nil || heads == nil ? 0.85 : 0.425
    if let layers, let networks {
      choice.networks = try FeedForwardCalibration.choose(
        layers, heldOut: heldOut, model: model, options: networks,
        progress: progress.part(0.15..<0.15 + share))
    }
    if let heads, let attention {
      choice.attention = try AttentionCalibration.choose(
        heads, heldOut: heldOut, model: model, options: attention,
        progress: progress.part(1 - share..<1))
    }
    return choice
  }
}
