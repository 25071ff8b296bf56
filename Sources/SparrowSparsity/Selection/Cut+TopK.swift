extension Cut {
  /// The cut that keeps the k greatest scores, of equal ones the lowest indices. O(groups) on
  /// average.
  ///
  /// A histogram leaves the few scores that share a bin with the k-th; quickselect ranks those.
  /// Scores that crowd into few bins are narrowed again within their own range, a few times at
  /// most.
  static func keeping(
    _ k: Int, of scores: UnsafeBufferPointer<Float>, _ scratch: SelectorScratch
  ) -> Cut {
    precondition(scores.count <= scratch.groups, "scratch for \(scratch.groups) groups")
    guard k > 0 else { return .nothing }
    guard k < scores.count else { return .everything }
    var open = scores
    // Scores greater than all that are still open.
    var above = 0
    for _ in 0..<4 where open.count > 64 {
      guard let range = finiteRange(of: open) else { break }
      if range.lowerBound == range.upperBound {
        return Cut(
          keeping: k - above, of: open.count, equalTo: range.lowerBound, in: scores)
      }
      guard let histogram = Histogram(of: open, in: range, into: scratch.bins) else { break }
      let (bin, greater) = histogram.bin(ofRank: k - above)
      let count = histogram.gather(bin, of: open, into: scratch.values)
      above += greater
      open = UnsafeBufferPointer(start: scratch.values, count: count)
    }
    let ranked = UnsafeMutableBufferPointer(start: scratch.values, count: open.count)
    if open.baseAddress == scores.baseAddress { _ = ranked.update(fromContentsOf: open) }
    let floor = largest(k - above, of: ranked)
    var equal = 0
    for value in ranked where value >= floor {
      if value == floor { equal += 1 } else { above += 1 }
    }
    return Cut(keeping: k - above, of: equal, equalTo: floor, in: scores)
  }

  /// All scores above `floor`, and of the `equal` scores at it the first `ties`.
  private init(
    keeping ties: Int, of equal: Int, equalTo floor: Float, in scores: UnsafeBufferPointer<Float>
  ) {
    self.init(floor: floor, tieEnd: .max)
    guard ties < equal else { return }
    var left = ties
    // Scores that are not numbers rank as minus infinity and can make ties seem more than they are:
    // then this ends without having counted all.
    for index in scores.indices where scores[index] == floor {
      left -= 1
      if left == 0 {
        tieEnd = index + 1
        return
      }
    }
  }
}
