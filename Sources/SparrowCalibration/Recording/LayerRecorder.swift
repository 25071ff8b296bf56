internal import CSparrowKernels
internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowTransformer

/// What feed-forward networks saw while a text ran through the model: moments of their inputs, and
/// samples of inputs and activations from windows that were held out.
///
/// Memory is `[hidden, hidden]` float64 a layer, the samples, and what is crossed:
/// `[neurons, hidden]` and a window's activations, float32.
final class LayerRecorder: WindowRecorder {
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
    /// The greatest |activation| of each neuron over all positions, the windows' first ones too:
    /// `[1, neurons]`.
    let greatest: FloatRows
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
      greatest = FloatRows(rows: 1, columns: neurons)
      self.window = FloatRows(rows: window, columns: hidden)
    }

    fileprivate func note(activations: UnsafePointer<Float>) {
      for neuron in 0..<greatest.columns {
        let size = abs(activations[neuron])
        if size > greatest[0][neuron] { greatest[0][neuron] = size }
      }
    }
  }

  let layers: RecordedLayers<Layer>
  private let pass: TextPass
  private let crossings: [Crossing]

  /// Records these layers, by default all.
  init(
    _ pass: TextPass, layers range: Range<Int>? = nil,
    crossing: (FeedForwardDescription) -> Crossing = { _ in .nothing }
  ) {
    self.pass = pass
    let model = pass.model
    let crossings = model.configuration.layers.map { crossing($0.feedForward) }
    self.crossings = crossings
    layers = RecordedLayers(range, of: model.configuration) { index, layer in
      Layer(
        hidden: model.configuration.hidden, neurons: layer.feedForward.width,
        samples: pass.samples, window: pass.text.windowLength, crossing: crossings[index],
        isFirst: index == 0, pool: model.pool)
    }
  }

  /// Samples that were taken, of each layer alike.
  var samples: Int { pass.samplesTaken }

  var recorded: String {
    "networks with " + crossings.map { "\($0)" }.joined(separator: ", ") + layers.name
  }

  func observe(_ seen: Observation) {
    guard seen.subject == .feedForward, layers.range.contains(seen.layer) else { return }
    let layer = layers[seen.layer]
    let hidden = layer.inputs.columns
    for row in 0..<seen.rows where layer.position < layer.window.rows {
      defer { layer.position += 1 }
      layer.note(activations: seen.result(row: row))
      switch pass.place(of: layer.position) {
      case .nothing: break
      case .sample(let sample):
        layer.inputs[sample].update(from: seen.input(row: row), count: hidden)
        layer.activations[sample].update(
          from: seen.result(row: row), count: layer.activations.columns)
      case .moments:
        layer.window[layer.rows].update(from: seen.input(row: row), count: hidden)
        if let sizes = layer.sizes {
          sk_sizes(seen.result(row: row), sizes[layer.rows], Int32(sizes.columns))
        }
        layer.rows += 1
      }
    }
  }

  func endWindow() {
    for (index, layer) in layers.inOrder {
      layer.moments.add(layer.window, count: layer.rows)
      // The first of some layers is there for the one behind it.
      if layer.looksAhead, index == layers.range.lowerBound { continue }
      let inputs = layer.looksAhead ? layers[index - 1].window : layer.window
      layer.cross?.add(layer.sizes ?? layer.window, with: inputs, count: layer.rows)
    }
    for (_, layer) in layers.inOrder { (layer.rows, layer.position) = (0, 0) }
  }

  func visit(_ visitor: some RecordVisitor) throws(SparrowError) {
    for (index, layer) in layers.inOrder {
      try layer.moments.visit("\(index).moments", visitor)
      try layer.cross?.visit("\(index).cross", visitor)
      try visitor.visit("\(index).inputs", layer.inputs, first: samples)
      try visitor.visit("\(index).activations", layer.activations, first: samples)
      try visitor.visit("\(index).greatest", layer.greatest)
    }
  }
}
