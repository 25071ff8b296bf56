/// Memory that selecting works in, so that selecting itself allocates nothing; for one thread at a
/// time.
public final class SelectorScratch {
  /// The most groups that fit.
  public let groups: Int
  /// Scores that are still in question, `[groups]`.
  let values: UnsafeMutablePointer<Float>
  /// Bucketed top-k's greatest scores, `[perBucket, buckets]`: at most one more a bucket than fill
  /// it.
  let greatest: UnsafeMutablePointer<Float>
  /// Two numbers a bucket, or places among survivors, `[2 * groups]`.
  let numbers: UnsafeMutablePointer<Int32>
  /// Scores in each bin of a histogram, `[Histogram.bins]`.
  let bins: UnsafeMutablePointer<UInt32>

  public init(groups: Int) {
    self.groups = groups
    values = .allocate(capacity: groups)
    greatest = .allocate(capacity: 2 * groups)
    numbers = .allocate(capacity: 2 * groups)
    bins = .allocate(capacity: Histogram.bins)
    values.initialize(repeating: 0, count: groups)
    greatest.initialize(repeating: 0, count: 2 * groups)
    numbers.initialize(repeating: 0, count: 2 * groups)
    bins.initialize(repeating: 0, count: Histogram.bins)
  }

  deinit {
    values.deallocate()
    greatest.deallocate()
    numbers.deallocate()
    bins.deallocate()
  }
}
