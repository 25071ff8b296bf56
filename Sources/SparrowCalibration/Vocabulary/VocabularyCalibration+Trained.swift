internal import CSparrowKernels
package import Sparrow
package import SparrowCore
internal import SparrowFormats
internal import SparrowNumerics
package import SparrowSparsity

extension VocabularyCalibration {
  /// A low-rank head that was trained (HiRE's LR, arXiv 2402.09360, section 3.2), measured on
  /// `states`, `[count, hidden]`, of held-out tokens.
  ///
  /// `a` is `[rank, hidden]`, `b` `[vocabulary, rank]`; the options' rank, coding and text are not
  /// read. Adding the same to all logits changes no softmax, so that rows of `b` are told less
  /// their mean, as logits are. Throws `.unsupported` for a head whose rows are no multiple of 32
  /// long, `.cancelled`.
  package static func head(
    of model: Model, a: [Float], b: [Float], states: [Float], options: Options = Options(),
    progress: Progress
  ) throws(SparrowError) -> (head: SketchedVocabulary, measurement: VocabularyMeasurement) {
    let head = try SketchedRows(headOf: model)
    let rank = a.count / head.hidden
    precondition(
      a.count == rank * head.hidden && b.count == rank * head.rowCount
        && states.count % head.hidden == 0, "maps of this head")
    let moments = try headMoments(head, progress: progress.part(0..<0.2, "reading the head"))
    let sketch = try sketch(a, centred(b, columns: rank), rank, head, meanRow: moments.mean)
    return try finish(
      sketch, head, states: FloatRows(states, columns: head.hidden), model, options,
      progress: progress.part(0.2..<1, "measuring recall"))
  }

  /// Directions behind the rank are zero: states have all their energy in those that were learnt.
  private static func sketch(
    _ a: [Float], _ b: [Float], _ rank: Int, _ head: SketchedRows, meanRow: [Float]
  ) throws(SparrowError) -> RowSketch {
    let padding = [Float](repeating: 0, count: (head.hidden - rank) * head.hidden)
    return try RowSketch(
      basis: a + padding, rows: b, rank: rank, hidden: head.hidden, meanRow: meanRow)
  }

  /// Rows less their mean.
  private static func centred(_ values: [Float], columns: Int) -> [Float] {
    let rows = values.count / columns
    var mean = [Double](repeating: 0, count: columns)
    for index in values.indices { mean[index % columns] += Double(values[index]) }
    return values.indices.map { values[$0] - Float(mean[$0 % columns] / Double(rows)) }
  }
}
