internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowTransformer

/// The sizes of all matrices' inputs while a text ran densely, those of held-out windows apart.
final class InputSizes {
  final class Sizes {
    var fitted = SizeHistogram()
    var heldOut = SizeHistogram()
  }

  /// By layer and input.
  let layers: [[LayerInput: Sizes]]
  private var isHeldOut = false
  /// Positions of the window that each layer's input has seen, and how many of the first are not
  /// counted.
  private var positions: [[LayerInput: Int]]
  private let skipped: Int

  init(
    _ model: Model, _ recorder: StateRecorder, progress: Progress
  ) throws(SparrowError) {
    let none = Dictionary(uniqueKeysWithValues: LayerInput.allCases.map { ($0, 0) })
    layers = model.configuration.layers.map { _ in none.mapValues { _ in Sizes() } }
    positions = layers.map { _ in none }
    isHeldOut = recorder.isHeldOut(0)
    skipped = recorder.skipped
    let widths = model.configuration.layers.map { ($0.attention, $0.feedForward.width) }
    let hidden = model.configuration.hidden
    let probes = StepProbes(observer: { [unowned self] seen in
      let (heads, neurons) = widths[seen.layer]
      switch seen.subject {
      case .attention:
        add(.attention, of: seen.layer, rows: seen.rows, width: hidden, seen.input)
        add(
          .output, of: seen.layer, rows: seen.rows, width: heads.heads * heads.headDimension,
          seen.result)
      case .feedForward:
        add(.feedForward, of: seen.layer, rows: seen.rows, width: hidden, seen.input)
        add(.down, of: seen.layer, rows: seen.rows, width: neurons, seen.result)
      }
    })
    try recorder.run(hidden: hidden, probes) { window, _ throws(SparrowError) in
      isHeldOut = window + 1 < recorder.count && recorder.isHeldOut(window + 1)
      for layer in positions.indices { positions[layer] = none }
      try progress.report(window + 1, of: recorder.count)
    }
  }

  private func add(
    _ input: LayerInput, of layer: Int, rows: Int, width: Int,
    _ values: (_ row: Int) -> UnsafePointer<Float>
  ) {
    let start = positions[layer][input]!
    positions[layer][input] = start + rows
    let sizes = layers[layer][input]!
    for row in 0..<rows where start + row >= skipped {
      let own = UnsafeBufferPointer(start: values(row), count: width)
      if isHeldOut { sizes.heldOut.add(own) } else { sizes.fitted.add(own) }
    }
  }
}
