internal import Sparrow
internal import SparrowCPU
internal import SparrowCore
internal import SparrowTransformer

/// What feed-forward networks saw while a text ran through the model: moments of their inputs, and samples of
/// inputs and activations from windows that were held out.
///
/// One pass over the text; memory is `[hidden, hidden]` float64 a layer and the samples.
final class LayerRecorder {
  /// One layer's record.
  final class Layer {
    let moments: MomentSum
    /// `[samples, hidden]` and `[samples, neurons]`.
    let inputs: FloatRows
    let activations: FloatRows
    /// Inputs of the window in work, `[window, hidden]`.
    fileprivate let window: FloatRows
    fileprivate var rows = 0

    fileprivate init(hidden: Int, neurons: Int, samples: Int, window: Int, pool: WorkerPool) {
      moments = MomentSum(dimension: hidden, pool: pool)
      inputs = FloatRows(rows: samples, columns: hidden)
      activations = FloatRows(rows: samples, columns: neurons)
      self.window = FloatRows(rows: window, columns: hidden)
    }
  }

  let layers: [Layer]
  /// Samples that were taken, of each layer alike.
  private(set) var samples = 0
  private let model: Model
  private let recorder: StateRecorder
  private let sampleLimit: Int

  /// Throws `.argument` for a text of fewer than two windows.
  init(
    _ model: Model, text: String, tokens: Int, window: Int, samples: Int
  ) throws(SparrowError) {
    self.model = model
    recorder = try StateRecorder(model, text: text, tokens: tokens, window: window, minimum: 2)
    sampleLimit = min(samples, recorder.heldOutCount * window)
    let limit = sampleLimit
    layers = model.configuration.layers.map {
      Layer(
        hidden: model.configuration.hidden, neurons: $0.feedForward.width, samples: limit,
        window: window, pool: model.engine.pool)
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
      for row in 0..<seen.rows where layer.rows < layer.window.rows {
        layer.window[layer.rows].update(from: seen.input(row: row), count: hidden)
        if isHeldOut {
          let place = sampledPlace(layer.rows, perWindow)
          if let place, heldOutSeen * perWindow + place < sampleLimit {
            let target = heldOutSeen * perWindow + place
            layer.inputs[target].update(from: seen.input(row: row), count: hidden)
            layer.activations[target].update(
              from: seen.activations(row: row), count: layer.activations.columns)
          }
        }
        layer.rows += 1
      }
    }
    defer { model.engine.observer = nil }
    try recorder.run(hidden: hidden) { window, _ in
      for layer in layers {
        if !isHeldOut { layer.moments.add(layer.window, count: layer.rows) }
        layer.rows = 0
      }
      if isHeldOut { heldOutSeen += 1 }
      let index = window + 1
      isHeldOut = index < recorder.count && recorder.isHeldOut(index)
      return progress(Double(index) / Double(recorder.count))
    }
    samples = min(heldOutSeen * perWindow, sampleLimit)
  }

  /// The sample that a position of a held-out window becomes; nil for most.
  private func sampledPlace(_ position: Int, _ perWindow: Int) -> Int? {
    let length = recorder.windowLength
    let place = position * perWindow / length
    // The last position of each stretch.
    return (position + 1) * perWindow / length != place ? place : nil
  }
}
