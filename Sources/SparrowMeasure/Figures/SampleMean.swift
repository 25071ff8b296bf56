/// A mean of samples with its standard error.
public struct SampleMean: Sendable, Equatable {
  public private(set) var count = 0
  private var sum = 0.0
  private var sumOfSquares = 0.0

  public init() {}

  public mutating func add(_ sample: Double) {
    count += 1
    sum += sample
    sumOfSquares += sample * sample
  }

  /// 0 without samples.
  public var mean: Double { sum / Double(max(count, 1)) }

  /// The samples' standard deviation, of `count` - 1; 0 for fewer than two.
  public var deviation: Double { error * Double(count).squareRoot() }

  /// One standard error of the mean, as if samples were independent; 0 for fewer than two.
  public var error: Double {
    guard count > 1 else { return 0 }
    let variance = max(sumOfSquares / Double(count) - mean * mean, 0)
    return (variance / Double(count - 1)).squareRoot()
  }
}
