/// The greatest scores of interleaved buckets: the first stage of bucketed top-k.
///
/// Groups lie in rows of one per bucket; inner loops run over a row and choose without branching on
/// scores.
struct BucketLists {
  private let buckets: Int
  private let depth: Int
  /// `[depth, buckets]`, each bucket's scores falling.
  private let greatest: UnsafeMutablePointer<Float>
  /// `[buckets]`, the least survivor of each bucket: the last row of `greatest`.
  private let least: UnsafeMutablePointer<Float>
  /// `[buckets]`, the scores of one row.
  private let row: UnsafeMutablePointer<Float>
  /// `[buckets]`, scores equal to the least survivor that are still to survive.
  private let ties: UnsafeMutablePointer<Int32>
  /// `[buckets]`, 1 for a survivor of one row, else 0.
  private let survives: UnsafeMutablePointer<Int32>

  init(buckets: Int, depth: Int, _ scratch: SelectorScratch) {
    self.buckets = buckets
    self.depth = depth
    greatest = scratch.greatest
    least = greatest + (depth - 1) * buckets
    row = scratch.values
    ties = scratch.numbers
    survives = scratch.numbers + buckets
  }

  /// Finds each bucket's greatest scores; minus infinity stands where a bucket has fewer.
  func rank(_ scores: UnsafeBufferPointer<Float>) {
    greatest.update(repeating: -.infinity, count: depth * buckets)
    forEachRow(scores) { _, scores in
      row.update(from: scores.baseAddress!, count: scores.count)
      for place in 0..<depth { exchange(greatest + place * buckets, scores.count) }
    }
    ties.update(repeating: 0, count: buckets)
    for place in 0..<depth {
      let list = greatest + place * buckets
      for bucket in 0..<buckets { ties[bucket] &+= list[bucket] == least[bucket] ? 1 : 0 }
    }
  }

  /// Writes survivors' indices, ascending, and returns how many there are; uses up the ties.
  func gatherSurvivors(
    of scores: UnsafeBufferPointer<Float>, into indices: UnsafeMutablePointer<Int32>
  ) -> Int {
    var count = 0
    forEachRow(scores) { start, scores in
      for bucket in scores.indices {
        let score = scores[bucket]
        let tie: Int32 = score == least[bucket] ? 1 : 0
        let taken = tie & (ties[bucket] > 0 ? 1 : 0)
        ties[bucket] &-= taken
        survives[bucket] = taken | (score > least[bucket] ? 1 : 0)
      }
      for bucket in scores.indices {
        indices[count] = Int32(truncatingIfNeeded: start &+ bucket)
        count &+= Int(survives[bucket])
      }
    }
    return count
  }

  /// The greater of list and row stays in the list, the lesser is left in the row for the next
  /// place.
  private func exchange(_ list: UnsafeMutablePointer<Float>, _ count: Int) {
    let tail = count & ~7
    for bucket in stride(from: 0, to: tail, by: 8) {
      let own = UnsafeMutableRawPointer(list + bucket)
      let other = UnsafeMutableRawPointer(row + bucket)
      let held = own.loadUnaligned(as: SIMD8<Float>.self)
      let offered = other.loadUnaligned(as: SIMD8<Float>.self)
      let rises = offered .> held
      own.storeBytes(of: held.replacing(with: offered, where: rises), as: SIMD8<Float>.self)
      other.storeBytes(of: offered.replacing(with: held, where: rises), as: SIMD8<Float>.self)
    }
    for bucket in tail..<count where row[bucket] > list[bucket] {
      (list[bucket], row[bucket]) = (row[bucket], list[bucket])
    }
  }

  @inline(__always)
  private func forEachRow(
    _ scores: UnsafeBufferPointer<Float>,
    _ body: (_ start: Int, _ scores: UnsafeBufferPointer<Float>) -> Void
  ) {
    for start in stride(from: 0, to: scores.count, by: buckets) {
      let end = min(start + buckets, scores.count)
      body(start, UnsafeBufferPointer(rebasing: scores[start..<end]))
    }
  }
}

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
