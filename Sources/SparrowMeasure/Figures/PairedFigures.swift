public import SparrowCore

/// A figure measured several times.
public struct Figure: Sendable, Equatable {
  /// Of one side of `PairedFigures`, that of the pair whose ratio is the median.
  public var median: Double
  public var minimum: Double
  public var maximum: Double

  package init(_ samples: [Double]) {
    let sorted = samples.sorted()
    let middle = sorted.count / 2
    median =
      sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    minimum = sorted.first ?? 0
    maximum = sorted.last ?? 0
  }

  package init(_ samples: [Double], quoting index: Int) {
    median = samples[index]
    minimum = samples.min() ?? 0
    maximum = samples.max() ?? 0
  }

  public var json: JSON {
    ["median": .number(median), "min": .number(minimum), "max": .number(maximum)]
  }
}

/// What was measured dense and sparse in turn, pair by pair, and how many times faster sparse was.
///
/// A slow moment of the machine hits both of a pair. So one pair is quoted, the one whose ratio is
/// the median (of an even number, the lesser of the two in the middle): the quoted ratio is that of
/// the quoted sides, whatever the other pairs are.
public struct PairedFigures: Sendable, Equatable {
  /// What figures are measured in.
  public enum Unit: Sendable {
    /// More is faster, such as tokens a second.
    case rate
    /// Less is faster, such as milliseconds.
    case time
  }

  public let dense: Figure
  public let sparse: Figure
  /// How many times faster sparse was.
  public let speedup: Figure
  /// Which pair is quoted.
  package let quoted: Int

  /// At least one pair.
  package init(_ unit: Unit, dense: [Double], sparse: [Double]) {
    precondition(dense.count == sparse.count && !dense.isEmpty, "measured in pairs")
    let ratios = zip(dense, sparse).map { unit == .rate ? $1 / $0 : $0 / $1 }
    quoted = ratios.indices.sorted { ratios[$0] < ratios[$1] }[(ratios.count - 1) / 2]
    self.dense = .init(dense, quoting: quoted)
    self.sparse = .init(sparse, quoting: quoted)
    speedup = .init(ratios, quoting: quoted)
  }
}
