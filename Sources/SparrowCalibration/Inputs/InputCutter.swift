internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowTransformer

/// Chooses how much of each input of every layer is left out, by what the layer's result loses
/// (`LayerProbe`).
final class InputCutter {
  private let model: Model
  private let sizes: InputSizes
  private let probe: LayerProbe
  /// Tokens of text that a layer is measured on, and of one piece of it.
  private static let tokens = 256
  private static let piece = 128

  /// Measures on the starts of windows that the sizes were fitted on, at even distances.
  init(_ model: Model, _ sizes: InputSizes, _ recorder: StateRecorder) throws(SparrowError) {
    self.model = model
    self.sizes = sizes
    let windows = recorder.fittedWindows
    let length = min(Self.piece, recorder.windowLength)
    let count = min(windows.count, Self.tokens / length)
    probe = try LayerProbe(
      model,
      windows: (0..<count).map { Array(windows[windows.count * $0 / count].prefix(length)) },
      skipped: min(recorder.skipped, length / 2))
  }

  /// Densities of the inputs of a layer: the first one, or that after the last asked for. Their
  /// mean, by bytes of weights, is `target`. Throws `.cancelled`.
  func densities(
    of layer: Int, target: Double, progress: Progress
  ) throws(SparrowError) -> [LayerInput: Double] {
    probe.move(to: layer)
    let runs = (1 - target) / GreedyAllocation.step * Double(LayerInput.allCases.count)
    var done = 0.0
    /// Quantiles that were asked for, since most are again.
    var sizes: [LayerInput: [Double: Float]] = [:]
    return try GreedyAllocation.densities(
      shares: model.backend.weights.shares(ofLayer: layer), target: target
    ) { (densities) throws(SparrowError) in
      try progress.report(done / runs)
      done += 1
      var thresholds: [LayerInput: Float] = [:]
      for (input, density) in densities where density < 1 {
        let size =
          sizes[input]?[density]
          ?? self.sizes.layers[layer][input]!.fitted.size(below: 1 - density)
        sizes[input, default: [:]][density] = size
        thresholds[input] = size
      }
      return probe.error(thresholds)
    }
  }
}
