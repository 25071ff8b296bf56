internal import SparrowTransformer

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
