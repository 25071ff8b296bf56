package import Sparrow
package import SparrowCore
internal import SparrowFormats
internal import SparrowNumerics
package import SparrowSparsity
internal import SparrowTransformer

/// Fits the sparse vocabulary head: a sketch of the head's rows in coordinates learnt from hidden
/// states.
///
/// Only the mean and covariance of the states are kept, so the model's own memory and about 200 MB
/// suffice for a head of 262144 rows of 640. The order of work: record states, second moment of the
/// head's rows, basis, codebooks, codes, measurement on windows held out.
public enum VocabularyCalibration {
  /// Held-out states that are measured, at most.
  private static let measuredStates = 2048

  /// Fits a head for `model` on `text`, and measures it on the windows held out.
  ///
  /// Throws `.argument` for a text too short and options outside their range, `.unsupported` for a
  /// head whose rows are no multiple of 32 long, `.cancelled`.
  package static func fit(
    model: Model, text: String, options: Options = Options(), progress: Progress = .none
  ) throws(SparrowError) -> (head: SketchedVocabulary, measurement: VocabularyMeasurement) {
    try options.validate()
    let head = try SketchedRows(headOf: model)
    let (moments, heldOut) = try record(
      model, head, text, options, progress: progress.part(0..<0.5, "recording hidden states"))
    let rows = try headMoments(head, progress: progress.part(0.5..<0.55, "reading the head"))
    let sketch = try sketch(head, moments, rows, options, progress: progress.part(0.55..<0.8))
    var made = try finish(
      sketch, head, states: heldOut, model, options,
      progress: progress.part(0.8..<0.9, "measuring recall"))
    made.head.plan.widestBatch = try widestBatch(
      made.head, model, progress: progress.part(0.9..<1, "measuring speed"))
    return made
  }

  /// Measures a sketch on held-out states, which tells its deviation and the recalls of its plan.
  /// Throws `.cancelled`, and `.malformed` for a sketch that an adapter cannot hold.
  static func finish(
    _ fitted: RowSketch, _ head: SketchedRows, states: FloatRows, _ model: Model,
    _ options: Options, progress: Progress
  ) throws(SparrowError) -> (head: SketchedVocabulary, measurement: VocabularyMeasurement) {
    var sketch = fitted
    let kept = min(options.kept, head.rowCount)
    let candidates = min(options.candidates, head.rowCount)
    let measured = try VocabularyMeasurement.run(
      sketch, head: head, states: states, candidates: candidates, kept: kept, deviation: nil,
      progress: progress)
    sketch.deviation = measured.deviation
    let plan = VocabularyPlan(
      candidates: candidates, kept: kept, doubt: options.doubt,
      recalls: measured.byDoubt.map { .init(doubt: $0.doubt, recall: min($0.recall, 1)) })
    try plan.validate(file: model.path)
    try sketch.validate(file: model.path)
    return (SketchedVocabulary(plan: plan, sketch: sketch), measured)
  }

  /// The sketch in the coding that the options ask for.
  private static func sketch(
    _ head: SketchedRows, _ moments: MomentSum, _ rows: MomentSum, _ options: Options,
    progress: Progress
  ) throws(SparrowError) -> RowSketch {
    try progress.report(0, "finding directions")
    let basis =
      options.coding.keepsColumns
      ? SketchBasis(identity: head.hidden)
      : SketchBasis(states: moments.covariance(), head: rows.covariance(), pool: head.pool)
    if options.coding == .product {
      try progress.report(0.2, "fitting codebooks")
      let fitter = SketchFitter(
        source: head, basis: basis, mean: moments.mean, meanRow: rows.mean, groups: options.codes,
        seed: options.seed, lossBonus: SketchFitter.headLossBonus, cutsBasis: false)
      fitter.fitCodebooks()
      return try fitter.assign(progress: progress.part(0.4..<1, "coding rows"))
    }
    let coder = RowCoder(
      source: head, basis: basis, mean: moments.mean, meanRow: rows.mean, coding: options.coding,
      rank: options.rank)
    return try coder.sketch(progress: progress.part(0.2..<1, "coding rows"))
  }

  /// Measures a head on another text. Throws as `fit` does.
  static func measure(
    _ own: SketchedVocabulary, model: Model, text: String, tokens: Int = 2048, window: Int = 512,
    progress: Progress = .none
  ) throws(SparrowError) -> VocabularyMeasurement {
    let head = try SketchedRows(headOf: model)
    let recorder = try StateRecorder(
      model, text: text, tokens: tokens, window: window, minimum: 1)
    let states = FloatRows(
      rows: recorder.count * recorder.statesPerWindow, columns: head.hidden)
    let recording = progress.part(0..<0.5, "recording hidden states")
    try recorder.run(hidden: head.hidden) { index, window throws(SparrowError) in
      states[index * window.rows].update(from: window[0], count: window.values.count)
      try recording.report(index + 1, of: recorder.count)
    }
    return try VocabularyMeasurement.run(
      own.sketch, head: head, states: states, candidates: own.plan.candidates, kept: own.plan.kept,
      deviation: own.sketch.deviation, progress: progress.part(0.5..<1, "measuring recall"))
  }

  /// Moments of the states to fit on, and the states held out.
  private static func record(
    _ model: Model, _ head: SketchedRows, _ text: String, _ options: Options,
    progress: Progress
  ) throws(SparrowError) -> (MomentSum, FloatRows) {
    let recorder = try StateRecorder(
      model, text: text, tokens: options.tokens, window: options.window, minimum: 2)
    let moments = MomentSum(dimension: head.hidden, pool: head.pool)
    let available = recorder.heldOutCount * recorder.statesPerWindow
    let count = min(available, measuredStates)
    let heldOut = FloatRows(rows: count, columns: head.hidden)
    var seen = 0
    try recorder.run(hidden: head.hidden) { index, window throws(SparrowError) in
      if recorder.isHeldOut(index) {
        for row in 0..<window.rows {
          // More states than places: the last that falls on a place stays there.
          let place = (seen + row) * count / available
          heldOut[place].update(from: window[row], count: head.hidden)
        }
        seen += window.rows
      } else {
        moments.add(window, count: window.rows)
      }
      try progress.report(index + 1, of: recorder.count)
    }
    return (moments, heldOut)
  }

  static func headMoments(
    _ head: SketchedRows, progress: Progress
  ) throws(SparrowError) -> MomentSum {
    let moments = MomentSum(dimension: head.hidden, pool: head.pool)
    let chunk = FloatRows(rows: 1024, columns: head.hidden)
    for start in stride(from: 0, to: head.rowCount, by: chunk.rows) {
      let end = min(start + chunk.rows, head.rowCount)
      head.read(start..<end, less: nil, into: chunk)
      moments.add(chunk, count: end - start)
      try progress.report(end, of: head.rowCount)
    }
    return moments
  }
}
