internal import CSparrowKernels
internal import Sparrow
internal import SparrowCPU
internal import SparrowCore
internal import SparrowTransformer

/// What feed-forward networks saw while a text ran through the model: moments of their inputs, and samples of
/// inputs and activations from windows that were held out.
///
/// One pass over the text; memory is `[hidden, hidden]` float64 a layer, the samples, and what is crossed:
/// `[neurons, hidden]` and a window's activations, float32.
final class LayerRecorder {
  /// What is recorded together with what a linear predictor would read.
  enum Crossing {
    case nothing
    /// |activation| with the network's own input, or with that of the layer before.
    case activations(lookahead: Bool)
    /// The network's input with that of the layer before.
    case inputsBefore
  }

  /// One layer's record.
  final class Layer {
    let moments: MomentSum
    /// `[samples, hidden]` and `[samples, neurons]`.
    let inputs: FloatRows
    let activations: FloatRows
    /// Covariance of `Crossing`'s two; nil for nothing, and for the inputs of the first layer.
    let cross: CrossMoment?
    /// |activation| of the window in work, `[window, neurons]`; nil where they are not crossed.
    fileprivate let sizes: FloatRows?
    /// Whether crossed with the input of the layer before.
    fileprivate let looksAhead: Bool
    /// Positions of the window that were seen; the first ones are not recorded.
    fileprivate var position = 0
    /// Inputs of the window in work, `[window, hidden]`.
    fileprivate let window: FloatRows
    fileprivate var rows = 0

    fileprivate init(
      hidden: Int, neurons: Int, samples: Int, window: Int, crossing: Crossing, isFirst: Bool,
      pool: WorkerPool
    ) {
      switch crossing {
      case .nothing:
        (cross, sizes, looksAhead) = (nil, nil, false)
      case .activations(let lookahead):
        cross = CrossMoment(sources: neurons, inputs: hidden, pool: pool)
        sizes = FloatRows(rows: window, columns: neurons)
        looksAhead = lookahead && !isFirst
      case .inputsBefore:
        cross = isFirst ? nil : CrossMoment(sources: hidden, inputs: hidden, pool: pool)
        (sizes, looksAhead) = (nil, !isFirst)
      }
      moments = MomentSum(dimension: hidden, pool: pool)
      inputs = FloatRows(rows: samples, columns: hidden)
      activations = FloatRows(rows: samples, columns: neurons)
      self.window = FloatRows(rows: window, columns: hidden)
    }
  }

  let layers: [Layer]
  /// Samples that were taken, of each layer alike.
  private(set) var samples = 0
  /// The tokens of the windows that fitting does not see.
  var heldOutWindows: [[Int32]] { recorder.heldOutWindows }
  private let model: Model
  private let recorder: StateRecorder
  private let sampleLimit: Int

  /// Throws `.argument` for a text of fewer than two windows.
  init(
    _ model: Model, text: String, tokens: Int, window: Int, samples: Int,
    crossing: (FeedForwardDescription) -> Crossing = { _ in .nothing }
  ) throws(SparrowError) {
    self.model = model
    recorder = try StateRecorder(model, text: text, tokens: tokens, window: window, minimum: 2)
    sampleLimit = min(samples, recorder.heldOutCount * recorder.windowLength)
    let limit = sampleLimit
    layers = model.configuration.layers.enumerated().map { index, layer in
      Layer(
        hidden: model.configuration.hidden, neurons: layer.feedForward.width, samples: limit,
        window: window, crossing: crossing(layer.feedForward), isFirst: index == 0,
        pool: model.engine.pool)
    }
  }

  /// Runs the text. `progress` gets the part done and returns false to stop, which throws `.cancelled`.
  func run(progress: (Double) -> Bool) throws(SparrowError) {
    let heldOut = recorder.heldOutCount
    var heldOutSeen = 0
    // Of each held-out window as many positions, at even distances.
    let perWindow = max(1, sampleLimit / max(heldOut, 1))
    var isHeldOut = recorder.isHeldOut(0)
    let hidden = model.configuration.hidden
    model.engine.observer = { [unowned self] seen in
      let layer = layers[seen.layer]
      for row in 0..<seen.rows where layer.position < layer.window.rows {
        defer { layer.position += 1 }
        if isHeldOut {
          let place = sampledPlace(layer.position, perWindow)
          if let place, heldOutSeen * perWindow + place < sampleLimit {
            let target = heldOutSeen * perWindow + place
            layer.inputs[target].update(from: seen.input(row: row), count: hidden)
            layer.activations[target].update(
              from: seen.activations(row: row), count: layer.activations.columns)
          }
        } else if layer.position >= recorder.skipped {
          layer.window[layer.rows].update(from: seen.input(row: row), count: hidden)
          if let sizes = layer.sizes {
            sk_sizes(seen.activations(row: row), sizes[layer.rows], Int32(sizes.columns))
          }
          layer.rows += 1
        }
      }
    }
    defer { model.engine.observer = nil }
    try recorder.run(hidden: hidden) { window, _ in
      add()
      if isHeldOut { heldOutSeen += 1 }
      let index = window + 1
      isHeldOut = index < recorder.count && recorder.isHeldOut(index)
      return progress(Double(index) / Double(recorder.count))
    }
    samples = min(heldOutSeen * perWindow, sampleLimit)
  }

  /// Adds the window in work to the moments and begins the next.
  private func add() {
    for (index, layer) in layers.enumerated() {
      layer.moments.add(layer.window, count: layer.rows)
      let inputs = layer.looksAhead ? layers[index - 1].window : layer.window
      layer.cross?.add(layer.sizes ?? layer.window, with: inputs, count: layer.rows)
    }
    for layer in layers { (layer.rows, layer.position) = (0, 0) }
  }

  /// The sample that a position of a held-out window becomes; nil for most.
  private func sampledPlace(_ position: Int, _ perWindow: Int) -> Int? {
    let length = recorder.windowLength
    let place = position * perWindow / length
    // The last position of each stretch.
    return (position + 1) * perWindow / length != place ? place : nil
  }
}
