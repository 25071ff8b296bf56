extension Selector {
  /// Bucketed top-k in two cuts: each bucket's own, then that of all survivors. O(groups *
  /// perBucket).
  func selectBucketed(
    _ scores: UnsafeBufferPointer<Float>, _ k: Int, buckets: Int, perBucket: Int,
    into indices: UnsafeMutablePointer<Int32>, _ scratch: SelectorScratch
  ) -> Int {
    precondition(scores.count <= scratch.groups, "scratch for \(scratch.groups) groups")
    precondition(buckets > 0 && perBucket > 0, "buckets without groups")
    guard k > 0, let base = scores.baseAddress else { return 0 }
    let largest = (scores.count + buckets - 1) / buckets
    guard perBucket < largest else {
      return Cut.keeping(k, of: scores, scratch).select(scores, into: indices)
    }
    let lists = BucketLists(buckets: buckets, depth: perBucket, scratch)
    lists.rank(scores)
    let survivors = lists.gatherSurvivors(of: scores, into: indices)
    // The lists are done with; the survivors' scores and places take their memory.
    for place in 0..<survivors { scratch.greatest[place] = base[Int(indices[place])] }
    let survived = UnsafeBufferPointer(start: scratch.greatest, count: survivors)
    let count = Cut.keeping(k, of: survived, scratch).select(survived, into: scratch.numbers)
    for place in 0..<count { indices[place] = indices[Int(scratch.numbers[place])] }
    return count
  }
}
