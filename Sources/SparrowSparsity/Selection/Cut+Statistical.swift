extension Cut {
  /// The cut at `mean + deviation * Q(1 - k/n)` of the finite scores (arXiv 2506.06644).
  static func statistical(_ k: Int, of scores: UnsafeBufferPointer<Float>) -> Cut {
    guard k > 0 else { return .nothing }
    guard k < scores.count, let first = scores.first(where: \.isFinite) else { return .everything }
    // Sums of differences from one score: equal scores give exactly that score and deviation 0.
    let origin = SIMD4<Float>(repeating: first)
    var sum = SIMD4<Double>.zero
    var squares = SIMD4<Double>.zero
    var counts = SIMD4<Double>.zero
    func add(_ next: SIMD4<Float>) {
      let isFinite = (next - next) .== 0
      let difference =
        SIMD4<Double>(next.replacing(with: origin, where: .!isFinite)) - SIMD4<Double>(origin)
      sum += difference
      squares += difference * difference
      counts += SIMD4<Double>(SIMD4<Float>.zero.replacing(with: 1, where: isFinite))
    }
    let base = UnsafeRawPointer(scores.baseAddress!)
    let tail = scores.count & ~3
    for index in stride(from: 0, to: tail, by: 4) {
      add(base.loadUnaligned(fromByteOffset: 4 * index, as: SIMD4<Float>.self))
    }
    for score in scores[tail...] { add(SIMD4(score, .nan, .nan, .nan)) }
    let count = counts.sum()
    let shift = sum.sum() / count
    let variance = max(0, squares.sum() / count - shift * shift)
    // Q(1 - p) = -Q(p), and the small p is the exact one.
    let quantile = -normalQuantile(Double(k) / Double(scores.count))
    let floor = Double(first) + shift + variance.squareRoot() * quantile
    return Cut(floor: Float(floor), tieEnd: .max)
  }
}
