extension Cut {
  /// The cut that keeps the k greatest scores, of equal ones the lowest indices. O(groups) on average.
  ///
  /// A histogram leaves the few scores that share a bin with the k-th; quickselect ranks those. Scores that
  /// crowd into few bins are narrowed again within their own range, a few times at most.
  static func keeping(
    _ k: Int, of scores: UnsafeBufferPointer<Float>, _ scratch: SelectorScratch
  ) -> Cut {
    precondition(scores.count <= scratch.groups, "scratch for \(scratch.groups) groups")
    guard k > 0 else { return .nothing }
    guard k < scores.count else { return .everything }
    var open = scores
    // Ranks among the open scores; `above` are greater than all of those.
    var above = 0
    for _ in 0..<3 where open.count > 64 {
      guard let histogram = Histogram(of: open, into: scratch.bins) else { break }
      let (bin, greater) = histogram.bin(ofRank: k - above)
      let count = histogram.gather(bin, of: open, into: scratch.values)
      above += greater
      open = UnsafeBufferPointer(start: scratch.values, count: count)
    }
    if open.baseAddress == scores.baseAddress {
      scratch.values.update(from: scores.baseAddress!, count: scores.count)
    }
    let ranked = UnsafeMutableBufferPointer(start: scratch.values, count: open.count)
    let floor = largest(k - above, of: ranked)
    var (kept, equal) = (above, 0)
    for value in ranked where value >= floor {
      if value == floor { equal += 1 } else { kept += 1 }
    }
    let ties = k - kept
    let tieEnd = ties < equal ? end(ofTies: ties, at: floor, in: scores) : scores.count
    return Cut(floor: floor, tieEnd: tieEnd)
  }

  /// The index after the `ties`-th score equal to `floor`.
  private static func end(
    ofTies ties: Int, at floor: Float, in scores: UnsafeBufferPointer<Float>
  ) -> Int {
    var left = ties
    for index in scores.indices where scores[index] == floor {
      left -= 1
      if left == 0 { return index + 1 }
    }
    // Scores that are not numbers rank as minus infinity and can make ties seem more than they are.
    return scores.count
  }
}
