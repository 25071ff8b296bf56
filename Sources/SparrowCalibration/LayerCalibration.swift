internal import Sparrow
internal import SparrowCore
internal import SparrowSparsity
internal import SparrowTransformer

/// Makes layers sparse, their feed-forward networks, their attention or both, from passes over a
/// text that see as many layers at once as memory allows.
struct LayerCalibration {
  private let model: Model
  private let networks: FeedForwardCalibration.Options?
  private let attention: AttentionCalibration.Options?
  private let text: StateRecorder

  /// What `choose` decided; nil for what was not asked for.
  struct Choice {
    var networks: FeedForwardCalibration.Choice?
    var attention: AttentionCalibration.Choice?
  }

  /// Options were validated for the model. Throws `.argument` for a text of fewer than two windows.
  init(
    _ model: Model, text: String, networks: FeedForwardCalibration.Options? = nil,
    attention: AttentionCalibration.Options? = nil
  ) throws(SparrowError) {
    self.model = model
    self.networks = networks
    self.attention = attention
    self.text = try StateRecorder(
      model, text: text, tokens: networks?.tokens ?? attention!.tokens,
      window: networks?.window ?? attention!.window, minimum: 2)
  }

  /// Fits predictors for all layers, `count` in each pass over the text, and chooses which layers
  /// use them. The model is dense again afterwards.
  ///
  /// With a `recording` it goes on where that stopped, and leaves it for the caller to remove.
  /// Throws `.argument` for targets that no plan reaches, `.unsupported` for a method that does not
  /// fit the model, `.cancelled`.
  func choose(
    layersAtOnce count: Int? = nil, recording: RecordingFile? = nil, progress: Progress = .none
  ) throws(SparrowError) -> Choice {
    if let networks, case .learnt(let plans, let candidatesPerK) = networks.layers {
      return Choice(
        networks: try sketches(
          networks, learnt: plans, candidatesPerK: candidatesPerK, layersAtOnce: count, recording,
          progress))
    }
    var fitted: [FeedForwardCalibration.FittedLayer] = []
    var heads: [AttentionFit] = []
    try record(layersAtOnce: count, recording, progress.part(0..<0.5)) {
      (layers, seen, progress) throws(SparrowError) in
      if let recorder = seen.networks, let networks {
        fitted += try FeedForwardCalibration.fit(
          recorder, layers: layers, model: model, options: networks,
          progress: progress.part(0..<0.8))
      }
      if let recorder = seen.attention, let attention {
        heads += try AttentionCalibration.fit(
          recorder, layers: layers, model: model, options: attention,
          progress: progress.part(0.8..<1))
      }
    }
    let heldOut = text.heldOutWindows
    let parts = [networks != nil, attention != nil].count { $0 }
    var choice = Choice()
    if let networks {
      choice.networks = try FeedForwardCalibration.choose(
        fitted, heldOut: heldOut, model: model, options: networks,
        progress: progress.part(0.5..<1).part(0, of: parts))
    }
    if let attention {
      choice.attention = try AttentionCalibration.choose(
        heads, heldOut: heldOut, model: model, target: attention.target,
        progress: progress.part(0.5..<1).part(parts - 1, of: parts))
    }
    return choice
  }

  private func sketches(
    _ options: FeedForwardCalibration.Options, learnt plans: [Int: FeedForwardPlan],
    candidatesPerK: Double, layersAtOnce count: Int?, _ recording: RecordingFile?,
    _ progress: Progress
  ) throws(SparrowError) -> FeedForwardCalibration.Choice {
    try SparsePlan(networks: plans).check(model.configuration, file: model.path)
    var choice = FeedForwardCalibration.Choice(layers: [:], widestBatch: 0, reports: [])
    try record(layersAtOnce: count, recording, progress.part(0..<0.8)) {
      (layers, seen, progress) throws(SparrowError) in
      let made = try FeedForwardCalibration.sketches(
        seen.networks!, layers: layers, model: model, options: options, learnt: plans,
        candidatesPerK: candidatesPerK, progress: progress)
      choice.layers.merge(made.layers) { first, _ in first }
      choice.reports += made.reports
    }
    defer { try? model.install(.dense) }
    choice.widestBatch = try PlanChooser.widestBatch(
      choice.layers, model, progress: progress.part(0.8..<1, "measuring speed"))
    return choice
  }

  /// Runs the text past recorders of the layers, `count` at once, and hands each group over.
  private func record(
    layersAtOnce count: Int?, _ recording: RecordingFile?, _ progress: Progress,
    body: (
      _ layers: Range<Int>, _ seen: (networks: LayerRecorder?, attention: AttentionRecorder?),
      Progress
    ) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    let all = model.configuration.layers.count
    let count = min(count ?? all, all)
    let passes = (all + count - 1) / count
    for index in 0..<passes {
      let layers = index * count..<min((index + 1) * count, all)
      let part = progress.part(index, of: passes)
      let pass = TextPass(model, text, samples: TextPass.usualSamples)
      /// With the layer before, where that foretells.
      func seen(_ lookahead: Bool) -> Range<Int> {
        (lookahead ? max(0, layers.lowerBound - 1) : layers.lowerBound)..<layers.upperBound
      }
      let networks = networks.map {
        LayerRecorder(pass, layers: seen($0.lookahead), crossing: $0.crossing)
      }
      let attention = attention.map {
        AttentionRecorder(pass, layers: seen($0.lookahead), lookahead: $0.lookahead)
      }
      let recorders: [(any WindowRecorder)?] = [networks, attention]
      try pass.run(
        recorders.compactMap { $0 }, file: recording?.part(index), isFollowed: passes > index + 1,
        progress: part.part(0..<0.3))
      try body(layers, (networks, attention), part.part(0.3..<1))
    }
  }
}
