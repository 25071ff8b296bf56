internal import CSparrowKernels
internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowTransformer

/// What attention saw while a text ran through the model: moments of its inputs, their covariance
/// with what each head group added to the output (`HeadGroupNorms`), and samples of both from
/// windows that were held out.
///
/// Memory is `[hidden, hidden]` float64 a layer, a window of inputs and heads' results, and the
/// samples.
final class AttentionRecorder: WindowRecorder {
  /// One layer's record.
  final class Layer {
    let moments: MomentSum
    /// Covariance of the groups' lengths with the layer's inputs, or with those of the layer
    /// before.
    let cross: CrossMoment
    /// `[samples, hidden]` and `[samples, groups]`.
    let inputs: FloatRows
    let lengths: FloatRows
    var groups: Int { norms.groups }
    fileprivate let norms: HeadGroupNorms
    /// Inputs and heads' results of the window in work, `[window, hidden]` and `[window, heads ·
    /// dimension]`.
    fileprivate let window: FloatRows
    fileprivate let results: FloatRows
    fileprivate var rows = 0
    /// Positions of the window that were seen.
    fileprivate var position = 0
    /// The samples that the window's rows become; empty for rows that go into the moments.
    fileprivate var places: [Int] = []

    fileprivate init(
      hidden: Int, norms: HeadGroupNorms, samples: Int, window: Int, pool: WorkerPool
    ) {
      self.norms = norms
      moments = MomentSum(dimension: hidden, pool: pool)
      cross = CrossMoment(sources: norms.groups, inputs: hidden, pool: pool)
      inputs = FloatRows(rows: samples, columns: hidden)
      lengths = FloatRows(rows: samples, columns: norms.groups)
      self.window = FloatRows(rows: window, columns: hidden)
      results = FloatRows(rows: window, columns: norms.groups * norms.width)
    }
  }

  let layers: RecordedLayers<Layer>
  private let pass: TextPass
  private let lookahead: Bool
  private var pool: WorkerPool { pass.model.pool }
  /// Rows whose lengths one worker computes together.
  private static let tileRows = 32

  /// Records these layers, by default all.
  init(_ pass: TextPass, layers range: Range<Int>? = nil, lookahead: Bool) {
    self.pass = pass
    self.lookahead = lookahead
    let model = pass.model
    layers = RecordedLayers(range, of: model.configuration) { index, layer in
      Layer(
        hidden: model.configuration.hidden,
        norms: HeadGroupNorms(
          model.backend.weights, layer: index, attention: layer.attention, pool: model.pool),
        samples: pass.samples, window: pass.text.windowLength, pool: model.pool)
    }
  }

  /// Samples that were taken, of each layer alike.
  var samples: Int { pass.samplesTaken }

  var recorded: String { (lookahead ? "heads, looking ahead" : "heads") + layers.name }

  func observe(_ seen: Observation) {
    guard seen.subject == .attention, layers.range.contains(seen.layer) else { return }
    let layer = layers[seen.layer]
    for row in 0..<seen.rows where layer.position < layer.window.rows {
      let place = pass.place(of: layer.position)
      layer.position += 1
      switch place {
      case .nothing: continue
      case .sample(let sample): layer.places.append(sample)
      case .moments: break
      }
      layer.window[layer.rows].update(from: seen.input(row: row), count: layer.window.columns)
      layer.results[layer.rows].update(from: seen.result(row: row), count: layer.results.columns)
      layer.rows += 1
    }
  }

  func endWindow() {
    for (index, layer) in layers.inOrder {
      let lengths = lengths(layer)
      if layer.places.isEmpty {
        layer.moments.add(layer.window, count: layer.rows)
        let looksAhead = lookahead && index > 0
        // The first of some layers is there for the one behind it.
        if looksAhead, index == layers.range.lowerBound { continue }
        let inputs = looksAhead ? layers[index - 1].window : layer.window
        layer.cross.add(lengths, with: inputs, count: layer.rows)
      } else {
        for (row, place) in layer.places.enumerated() {
          layer.inputs[place].update(from: layer.window[row], count: layer.inputs.columns)
          layer.lengths[place].update(from: lengths[row], count: layer.lengths.columns)
        }
      }
    }
    for (_, layer) in layers.inOrder { (layer.rows, layer.position, layer.places) = (0, 0, []) }
  }

  /// What each group added at the window's positions, `[rows, groups]`.
  private func lengths(_ layer: Layer) -> FloatRows {
    let norms = layer.norms
    let lengths = FloatRows(rows: max(layer.rows, 1), columns: norms.groups)
    let rows = layer.rows
    pool.run { worker in
      let work = FloatRows(rows: Self.tileRows, columns: norms.width)
      let share = worker.share(of: rows)
      for start in stride(from: share.lowerBound, to: share.upperBound, by: Self.tileRows) {
        norms.lengths(
          of: layer.results[start], count: min(Self.tileRows, share.upperBound - start),
          work: work[0], into: lengths[start])
      }
    }
    return lengths
  }

  func visit(_ visitor: some RecordVisitor) throws(SparrowError) {
    for (index, layer) in layers.inOrder {
      try layer.moments.visit("\(index).moments", visitor)
      try layer.cross.visit("\(index).cross", visitor)
      try visitor.visit("\(index).inputs", layer.inputs, first: samples)
      try visitor.visit("\(index).lengths", layer.lengths, first: samples)
    }
  }
}
