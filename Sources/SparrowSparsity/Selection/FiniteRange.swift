/// The least and the greatest of `scores`; nil where one is not finite and where there are none.
func finiteRange(of scores: UnsafeBufferPointer<Float>) -> ClosedRange<Float>? {
  guard let base = scores.baseAddress, let first = scores.first else { return nil }
  var least = SIMD16<Float>(repeating: first)
  var greatest = least
  // A difference of 0 for finite scores, not a number for others, and so is its sum.
  var differences = SIMD16<Float>.zero
  let tail = scores.count & ~15
  for index in stride(from: 0, to: tail, by: 16) {
    let next = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<Float>.self)
    least.replace(with: next, where: next .< least)
    greatest.replace(with: next, where: next .> greatest)
    differences += next - next
  }
  var (lowest, highest, difference) = (first, first, differences.sum())
  for lane in 0..<16 {
    lowest = min(lowest, least[lane])
    highest = max(highest, greatest[lane])
  }
  for score in scores[tail...] {
    lowest = min(lowest, score)
    highest = max(highest, score)
    difference += score - score
  }
  return difference == 0 ? lowest...highest : nil
}
