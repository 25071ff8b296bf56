/// The part of the true top-k that bucketed top-k finds on average when every order of the scores
/// is equally likely (arXiv 2506.04165).
///
/// `1 - (1/K) sum_b sum_{r > K'} (r - K') P(r)`: a bucket of M among N groups holds r of the top K
/// with the hypergeometric probability P(r) and loses what exceeds K'; here with the sizes that
/// buckets have when their number does not divide the groups'.
struct BucketedRecall {
  let k: Int
  let buckets: Int
  let perBucket: Int
  let groups: Int

  var value: Double {
    let large = groups % buckets
    let loss =
      Double(buckets - large) * excess(drawing: groups / buckets)
      + (large > 0 ? Double(large) * excess(drawing: groups / buckets + 1) : 0)
    return max(0, 1 - loss / Double(k))
  }

  /// The mean of max(r - perBucket, 0) for r of the k among `size` drawn without putting back.
  ///
  /// Probabilities are ratios to the most likely one: binomials of any size neither overflow nor
  /// vanish.
  private func excess(drawing size: Int) -> Double {
    let least = max(0, size + k - groups)
    let most = min(size, k)
    guard most > perBucket else { return 0 }
    /// P(r + 1) / P(r)
    func rise(_ r: Int) -> Double {
      Double(k - r) * Double(size - r) / (Double(r + 1) * Double(groups - k - size + r + 1))
    }
    let mode = min(most, max(least, (size + 1) * (k + 1) / (groups + 2)))
    var (sum, excess) = (1.0, Double(max(mode - perBucket, 0)))
    func add(_ weight: Double, _ r: Int) {
      sum += weight
      excess += weight * Double(max(r - perBucket, 0))
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
