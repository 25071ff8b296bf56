internal import SparrowCore
internal import SparrowEngine
internal import SparrowNumerics
internal import SparrowTransformer

/// What records a pass beside others, window by window.
protocol WindowRecorder: AnyObject {
  /// What is recorded, in words that differ where the records do.
  var recorded: String { get }

  /// Sees what went through one operation of the window in work.
  func observe(_ seen: Observation)

  /// Adds the window in work to the record and begins the next.
  func endWindow()

  /// Shows all that was recorded, to be written or replaced.
  func visit(_ visitor: some RecordVisitor) throws(SparrowError)
}

/// Records of adjacent layers, by the layers' own numbers.
struct RecordedLayers<Record> {
  let range: Range<Int>
  /// What tells this range in a file; empty for all layers.
  let name: String
  private let records: [Record]

  /// Of `range`, or of all layers.
  init(
    _ range: Range<Int>?, of model: ModelConfiguration,
    make: (Int, LayerDescription) -> Record
  ) {
    let all = model.layers.indices
    self.range = range ?? all
    name = self.range == all ? "" : ", layers \(self.range)"
    records = self.range.map { make($0, model.layers[$0]) }
  }

  subscript(layer: Int) -> Record { records[layer - range.lowerBound] }

  var inOrder: some Sequence<(Int, Record)> { zip(range, records).lazy.map { ($0, $1) } }
}
