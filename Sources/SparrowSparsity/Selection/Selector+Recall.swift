public import SparrowCore

extension Selector {
  /// The part of the true top-k that bucketed top-k finds on average when every order of the scores is
  /// equally likely; nil for other selectors.
  ///
  /// `1 - (1/K) sum_b sum_{r > K'} (r - K') P(r)`: a bucket of M among N groups holds r of the top K with the
  /// hypergeometric probability P(r) and loses what exceeds K'. Source: arXiv 2506.04165, here with the
  /// sizes that buckets have when their number does not divide the groups'.
  public func expectedRecall(groups: Int) -> Double? {
    guard case .bucketedTopK(let k, let buckets, let perBucket) = self else { return nil }
    let wanted = min(k, groups)
    guard wanted > 0 else { return 1 }
    let small = groups / buckets
    let largeCount = groups % buckets
    func lost(_ size: Int) -> Double {
      Self.expectedExcess(over: perBucket, drawing: size, marked: wanted, of: groups)
    }
    var loss = Double(buckets - largeCount) * lost(small)
    if largeCount > 0 { loss += Double(largeCount) * lost(small + 1) }
    return max(0, 1 - loss / Double(wanted))
  }

  /// Bucketed top-k with the fewest survivors a bucket whose expected recall reaches `recall`.
  ///
  /// Throws `.argument` for a recall outside 0...1 and for k below 0, buckets below 1.
  public static func bucketedTopK(
    _ k: Int, buckets: Int, reaching recall: Double, groups: Int
  ) throws(SparrowError) -> Selector {
    guard (0...1).contains(recall) else {
      throw SparrowError(
        .argument, field: "target recall", found: "\(recall)", expected: "a number from 0 to 1")
    }
    var perBucket = 1
    while true {
      let selector = Selector.bucketedTopK(k, buckets: buckets, perBucket: perBucket)
      try selector.validate()
      // Nothing is lost, and this ends, once a whole bucket survives.
      if selector.expectedRecall(groups: groups)! >= recall { return selector }
      perBucket += 1
    }
  }

  /// The mean of max(r - limit, 0) for r of `marked` among `size` drawn from `total` without putting back.
  ///
  /// Probabilities are ratios to the most likely one: binomials of any size neither overflow nor vanish.
  private static func expectedExcess(
    over limit: Int, drawing size: Int, marked: Int, of total: Int
  ) -> Double {
    let least = max(0, size + marked - total)
    let most = min(size, marked)
    guard most > limit else { return 0 }
    /// P(r + 1) / P(r)
    func rise(_ r: Int) -> Double {
      Double(marked - r) * Double(size - r)
        / (Double(r + 1) * Double(total - marked - size + r + 1))
    }
    let mode = min(most, max(least, (size + 1) * (marked + 1) / (total + 2)))
    var (sum, excess) = (1.0, Double(max(mode - limit, 0)))
    func add(_ weight: Double, _ r: Int) {
      sum += weight
      excess += weight * Double(max(r - limit, 0))
    }
    var weight = 1.0
    for r in mode..<most {
      weight *= rise(r)
      add(weight, r + 1)
    }
    weight = 1
    for r in stride(from: mode - 1, through: least, by: -1) {
      weight /= rise(r)
      add(weight, r)
    }
    return excess / sum
  }
}
