internal import SparrowCore
internal import SparrowTransformer

/// How much of each input of a layer is left out: TEAL's block-wise greedy choice (arXiv
/// 2408.14690, Algorithm 1).
///
/// From all inputs whole, the one is cut that hurts least, again and again; every cut leaves the
/// same bytes of weights unread, so that small matrices lose more of their inputs at a time than
/// large ones.
enum GreedyAllocation {
  /// Part of the layer's bytes that a cut leaves unread.
  static let step = 0.02

  /// Densities whose mean, weighted by `shares` of the layer's bytes, is `target`, above 0 and at
  /// most 1.
  ///
  /// `error` says what the layer's result loses at such densities, and is asked once for each input
  /// and cut. An input that has less left than a cut gives that; inputs compete by error for the
  /// bytes that they save.
  static func densities(
    shares: [LayerInput: Double], target: Double,
    error: ([LayerInput: Double]) throws(SparrowError) -> Double
  ) throws(SparrowError) -> [LayerInput: Double] {
    var densities = shares.mapValues { _ in 1.0 }
    var left = 1 - target
    var last = 0.0
    while left > 1e-9 {
      var best: (densities: [LayerInput: Double], saved: Double, error: Double)?
      for input in LayerInput.allCases {
        guard let share = shares[input], let density = densities[input], density > 0 else {
          continue
        }
        let saved = min(Self.step, left, density * share)
        var cut = densities
        cut[input] = saved < density * share ? density - saved / share : 0
        let error = try error(cut)
        if let best, (best.error - last) / best.saved <= (error - last) / saved { continue }
        best = (cut, saved, error)
      }
      guard let best else { break }
      densities = best.densities
      last = best.error
      left -= best.saved
    }
    return densities
  }
}
