extension Selector {
  /// Writes the selected groups, ascending, to `indices` and returns their count; allocates
  /// nothing.
  ///
  /// - Parameters:
  ///   - scores: `[groups]`.
  ///   - indices: room for `groups` of them, however few are selected.
  ///   - scratch: made for at least `groups`.
  public func select(
    _ scores: UnsafeBufferPointer<Float>, into indices: UnsafeMutablePointer<Int32>,
    scratch: SelectorScratch
  ) -> Int {
    if case .bucketedTopK(let k, let buckets, let perBucket) = self {
      return selectBucketed(
        scores, k, buckets: buckets, perBucket: perBucket, into: indices, scratch)
    }
    return cut(of: scores, scratch: scratch)?.select(scores, into: indices) ?? 0
  }

  /// The selection of `scores`, `[groups]`.
  public func select(_ scores: [Float], groupSize: Int = 1) -> Selection {
    let scratch = SelectorScratch(groups: scores.count)
    let indices = [Int32](unsafeUninitializedCapacity: scores.count) { indices, count in
      // Without groups there is no address either, and nothing is written.
      guard let base = indices.baseAddress, !scores.isEmpty else { return }
      count = scores.withUnsafeBufferPointer { select($0, into: base, scratch: scratch) }
    }
    return Selection(ascending: indices, groups: scores.count, groupSize: groupSize)
  }

  /// Where these scores are cut, so that many workers can select at once; nil for bucketed top-k,
  /// whose selection depends on a group's bucket too. Allocates nothing.
  public func cut(of scores: UnsafeBufferPointer<Float>, scratch: SelectorScratch) -> Cut? {
    switch self {
    case .topK(let k): .keeping(k, of: scores, scratch)
    case .bucketedTopK: nil
    case .threshold(let threshold): Cut(floor: threshold, tieEnd: .max)
    case .statisticalTopK(let k): .statistical(k, of: scores)
    }
  }
}
