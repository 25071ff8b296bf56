internal import Sparrow
internal import SparrowEngine
internal import SparrowCore
internal import SparrowMeasure
internal import SparrowSparsity

extension VocabularyCalibration {
  /// The widest batch for which the sketch is clearly faster than dense products of all rows, at
  /// least 1: a single row's dense head reads the most for what it computes. Measured times scatter
  /// by some per cent, so a tenth is asked for. The model's head is dense again afterwards.
  static func widestBatch(
    _ head: SketchedVocabulary, _ model: Model, progress: Progress
  ) throws(SparrowError) -> Int {
    try model.install(SparsePlan(head: head))
    defer { try? model.install(.dense) }
    let limit = min(model.backend.limits.sparseSequences, model.backend.limits.rows)
    let sweep = try DensitySweep.run(
      model,
      options: .init(
        densities: [], batches: [1, 2, 4, 8, 16].filter { $0 <= limit },
        steps: min(8, model.configuration.contextLength), repetitions: 7),
      progress: progress)
    return sweep.points.prefix { ($0.headSpeedup?.median ?? 0) >= 1.1 }.last?.batch ?? 1
  }
}
