extension Selector {
  /// Bucketed top-k in two cuts: each bucket's own, then that of all survivors.
  func selectBucketed(
    _ scores: UnsafeBufferPointer<Float>, _ k: Int, buckets: Int, perBucket: Int,
    into indices: UnsafeMutablePointer<Int32>, _ scratch: SelectorScratch
  ) -> Int {
    precondition(scores.count <= scratch.groups, "scratch for \(scratch.groups) groups")
    precondition(buckets > 0 && perBucket > 0, "buckets without groups")
    guard k > 0, !scores.isEmpty else { return 0 }
    // More buckets than groups leave the rest empty; more survivors than a bucket holds are all it holds.
    let buckets = min(buckets, scores.count)
    let depth = min(perBucket, (scores.count + buckets - 1) / buckets)
    rank(scores, buckets, depth, scratch)
    let survivors = gatherSurvivors(scores, buckets, depth, into: indices, scratch)
    // Ranking overwrites `values`: the survivors' scores move to where the buckets' were.
    let survived = UnsafeBufferPointer(start: scratch.greatest, count: survivors)
    scratch.greatest.update(from: scratch.values, count: survivors)
    let cut = Cut.keeping(k, of: survived, scratch)
    var count = 0
    for index in 0..<survivors {
      indices[count] = indices[index]
      let score = survived[index]
      count &+= score > cut.floor || (score == cut.floor && index < cut.tieEnd) ? 1 : 0
    }
    return count
  }

  /// Each bucket's greatest scores into `greatest`, `[depth, buckets]`, falling; not numbers where it has fewer.
  private func rank(
    _ scores: UnsafeBufferPointer<Float>, _ buckets: Int, _ depth: Int, _ scratch: SelectorScratch
  ) {
    let greatest = scratch.greatest
    greatest.update(repeating: .nan, count: depth * buckets)
    let least = greatest + (depth - 1) * buckets
    var bucket = 0
    for score in scores {
      // Comparisons with an empty place are false, and so it gives way to any number.
      if !(score <= least[bucket]), !score.isNaN {
        var place = depth - 1
        while place > 0, !(score <= greatest[(place - 1) * buckets + bucket]) {
          greatest[place * buckets + bucket] = greatest[(place - 1) * buckets + bucket]
          place -= 1
        }
        greatest[place * buckets + bucket] = score
      }
      bucket = bucket + 1 == buckets ? 0 : bucket + 1
    }
    for bucket in 0..<buckets {
      var ties: Int32 = 0
      for place in 0..<depth where greatest[place * buckets + bucket] == least[bucket] { ties += 1 }
      // A bucket that is not full keeps all its numbers.
      if least[bucket].isNaN { (least[bucket], ties) = (-.infinity, .max) }
      scratch.ties[bucket] = ties
    }
  }

  /// Survivors' indices, ascending, and their scores into `values`; returns how many there are.
  private func gatherSurvivors(
    _ scores: UnsafeBufferPointer<Float>, _ buckets: Int, _ depth: Int,
    into indices: UnsafeMutablePointer<Int32>, _ scratch: SelectorScratch
  ) -> Int {
    let least = scratch.greatest + (depth - 1) * buckets
    var count = 0
    var bucket = 0
    for index in scores.indices {
      let score = scores[index]
      var survives = score > least[bucket]
      if score == least[bucket], scratch.ties[bucket] > 0 {
        scratch.ties[bucket] -= 1
        survives = true
      }
      indices[count] = Int32(truncatingIfNeeded: index)
      scratch.values[count] = score
      count &+= survives ? 1 : 0
      bucket = bucket + 1 == buckets ? 0 : bucket + 1
    }
    return count
  }
}
