internal import CSparrowKernels
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

extension VocabularyMeasurement {
  /// Compares the scores that decoding gives `states`, `[count, hidden]`, with their exact logits.
  /// `deviation` nil measures it, else it is the sketch's. Throws `.cancelled`.
  static func run(
    _ sketch: RowSketch, head: SketchedRows, states: FloatRows, candidates: Int, kept: Int,
    deviation: Float?, progress: Progress
  ) throws(SparrowError) -> VocabularyMeasurement {
    let limit = min(max(rowLimit, candidates), sketch.rowCount)
    var best = Array(repeating: TopList(capacity: limit), count: states.rows)
    var exact = Array(repeating: TopList(capacity: kept), count: states.rows)
    var energies: [Float] = []
    let atOnce = max(1, SketchScorer.scoreBytes / 4 / sketch.rowCount)
    for first in stride(from: 0, to: states.rows, by: atOnce) {
      let own = first..<min(first + atOnce, states.rows)
      try progress.report(first, of: states.rows)
      let scorer = SketchScorer(sketch, head: head, states: states, own: own)
      for start in stride(from: 0, to: sketch.rowCount, by: SketchScorer.chunkRows) {
        let rows = start..<min(start + SketchScorer.chunkRows, sketch.rowCount)
        scorer.collect(rows, best: &best, exact: &exact)
      }
      energies += scorer.energies
    }
    try progress.report(1)
    for index in 0..<states.rows {
      best[index].shrink()
      exact[index].shrink()
    }
    let deviation = deviation ?? self.deviation(best.map(\.entries), energies)
    var result = VocabularyMeasurement(
      positions: states.rows, kept: kept, deviation: deviation, byCandidates: [], byDoubt: [])
    let positions = Float(states.rows)
    for count in Set(candidateCounts + [candidates]).sorted() where (kept...limit).contains(count) {
      var hits = 0
      var firsts = 0
      for (best, exact) in zip(best, exact) {
        let floor = best.entries[count - 1].key
        hits += exact.entries.count { $0.other >= floor }
        firsts += exact.entries[0].other >= floor ? 1 : 0
      }
      result.byCandidates.append(
        Candidates(
          candidates: count, recall: Float(hits) / (positions * Float(kept)),
          greedy: Float(firsts) / positions))
    }
    for doubt in doubts {
      var hits = 0
      var rows = 0
      for (index, (best, exact)) in zip(best, exact).enumerated() {
        let logits = best.entries.prefix(candidates).map(\.other).sorted(by: >)
        let floor = min(
          logits[kept - 1] - doubt * deviation * energies[index].squareRoot(),
          best.entries[candidates - 1].key)
        hits += exact.entries.count { $0.other >= floor }
        rows += best.entries.count { $0.key >= floor }
      }
      result.byDoubt.append(
        Doubt(
          doubt: doubt, recall: Float(hits) / (positions * Float(kept)),
          rows: Float(rows) / positions))
    }
    return result
  }

  /// The root of the mean variance of logit - score among the 256 best scores, per |x|² / hidden.
  private static func deviation(
    _ best: [[(key: Float, other: Float)]], _ energies: [Float]
  ) -> Float {
    var variances = 0.0
    for entries in best {
      let errors = entries.prefix(256).map { Double($0.other - $0.key) }
      let mean = errors.reduce(0, +) / Double(errors.count)
      let squares = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      variances += squares / Double(max(1, errors.count - 1))
    }
    let energy = energies.reduce(0) { $0 + Double($1) }
    let ratio = Float((variances / max(energy, .leastNormalMagnitude)).squareRoot())
    return ratio.isFinite && ratio > 0 ? ratio : .leastNormalMagnitude
  }
}
