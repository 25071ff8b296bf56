public import SparrowCore

/// Turns scores into a selection.
///
/// A score that is not a number is never selected. A k of 0 selects nothing, a k beyond the groups
/// all of them.
public enum Selector: Sendable, Equatable, BitwiseCopyable {
  /// The k greatest scores, exactly k of them: of equal scores the lowest indices.
  case topK(Int)

  /// The `perBucket` greatest scores of each bucket, then the k greatest of those.
  ///
  /// Bucket b holds the groups i with i mod `buckets` = b, so that neighbours, which often fire
  /// together, compete least. Selects min(k, survivors). Source: arXiv 2506.04165, after arXiv
  /// 2206.14286.
  case bucketedTopK(Int, buckets: Int, perBucket: Int)

  /// Scores from this one on.
  ///
  /// LTE takes a router's sigmoid at 0.5, and prints > (arXiv 2402.06126, equation 2).
  case threshold(Float)

  /// About k scores: those from `mean + deviation * Q(1 - k/n)` on, Q the normal distribution's
  /// quantile.
  ///
  /// Exact in expectation for scores that are normal; two passes and no ranking. Mean and deviation
  /// (of the population) are those of the finite scores. Source: Spark Transformer, arXiv
  /// 2506.06644.
  case statisticalTopK(Int)

  /// Throws `.argument`, naming `field`, for counts below 0 (buckets: 1) and a threshold that is no
  /// number.
  public func validate(field: String = "selector") throws(SparrowError) {
    func require(
      _ holds: Bool, _ found: Any, _ expected: String
    ) throws(SparrowError) {
      if !holds {
        throw SparrowError(.argument, field: field, found: "\(found)", expected: expected)
      }
    }
    switch self {
    case .topK(let k), .statisticalTopK(let k):
      try require(k >= 0, "k of \(k)", "0 or more")
    case .bucketedTopK(let k, let buckets, let perBucket):
      try require(k >= 0, "k of \(k)", "0 or more")
      try require(buckets >= 1, "\(buckets) buckets", "1 or more")
      try require(perBucket >= 1, "\(perBucket) per bucket", "1 or more")
    case .threshold(let threshold):
      try require(!threshold.isNaN, "threshold \(threshold)", "a number")
    }
  }
}
