/// Calls `write` with every index and the place that it takes if it is kept; returns how many are
/// kept.
///
/// A place is written again until its index is kept, so that nothing branches on scores: a branch
/// as hard to foretell as a selection costs five times as much. `write` may overwrite `scores` up
/// to the place.
///
/// - Parameters:
///   - indices: of `scores`.
///   - keeping: which of eight scores are kept; never those that are not numbers.
@inline(__always)
func compact(
  _ scores: UnsafeBufferPointer<Float>, _ indices: Range<Int>,
  keeping: (SIMD8<Float>) -> SIMDMask<SIMD8<Int32>>, write: (_ index: Int, _ place: Int) -> Void
) -> Int {
  guard let base = scores.baseAddress else { return 0 }
  var place = 0
  var index = indices.lowerBound
  while index &+ 8 <= indices.upperBound {
    let next = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD8<Float>.self)
    let kept = SIMD8<Int32>.zero.replacing(with: 1, where: keeping(next))
    for lane in 0..<8 {
      write(index &+ lane, place)
      place &+= Int(kept[lane])
    }
    index &+= 8
  }
  while index < indices.upperBound {
    write(index, place)
    place &+= keeping(SIMD8(repeating: scores[index]))[0] ? 1 : 0
    index &+= 1
  }
  return place
}
