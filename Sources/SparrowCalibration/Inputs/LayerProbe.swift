internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowTransformer

/// What leaving out inputs of one layer's matrices costs where the layer ends, on the way of a text
/// through the dense model.
///
/// Residual streams of the text are kept at two places: before the layer in work and behind it.
final class LayerProbe {
  private let model: Model
  private let windows: [[Int32]]
  /// Positions at the start of each window that do not count.
  private let skipped: Int
  private let sequence: SequenceState
  /// `[windows * tokens, hidden]` each.
  private var before: FloatRows
  private var behind: FloatRows
  private let result: FloatRows
  private var layer: (any LayerRun)?

  /// Windows of equal length, more tokens than `skipped`.
  init(_ model: Model, windows: [[Int32]], skipped: Int) throws(SparrowError) {
    self.model = model
    self.windows = windows
    self.skipped = skipped
    let hidden = model.configuration.hidden
    let count = windows.count * windows[0].count
    before = FloatRows(rows: count, columns: hidden)
    behind = FloatRows(rows: count, columns: hidden)
    result = FloatRows(rows: windows[0].count, columns: hidden)
    sequence = try model.backend.sequence(capacity: windows[0].count, type: .f16)
    let embedding = model.backend.layerRun(nil)
    for index in windows.indices { run(embedding, index, from: behind, to: behind[row(index)]) }
  }

  /// Goes on to a layer, the first one or that after the last.
  func move(to layer: Int) {
    // The copy of the last layer's matrices goes before that of this one's comes.
    self.layer = nil
    let run = model.backend.layerRun(layer)
    swap(&before, &behind)
    for index in windows.indices { self.run(run, index, from: before, to: behind[row(index)]) }
    self.layer = run
  }

  /// Squared distance between the layer's results with these thresholds and without, over all
  /// positions that count.
  func error(_ thresholds: [LayerInput: Float]) -> Double {
    guard let layer else { preconditionFailure("no layer yet") }
    layer.thresholds = thresholds
    var sum = 0.0
    for index in windows.indices {
      run(layer, index, from: before, to: result[0])
      for position in skipped..<windows[index].count {
        let dense = behind[row(index) + position]
        let sparse = result[position]
        var distance: Float = 0
        for element in 0..<result.columns {
          let difference = dense[element] - sparse[element]
          distance += difference * difference
        }
        sum += Double(distance)
      }
    }
    return sum
  }

  private func row(_ window: Int) -> Int { window * windows[0].count }

  private func run(
    _ layer: any LayerRun, _ window: Int, from states: FloatRows,
    to results: UnsafeMutablePointer<Float>
  ) {
    let start = UnsafePointer(states[row(window)])
    model.exclusively { layer.run(windows[window], sequence, from: start, to: results) }
  }
}
