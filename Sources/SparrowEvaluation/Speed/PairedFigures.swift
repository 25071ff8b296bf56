/// What was measured dense and sparse in turn, pair by pair, and how many times faster sparse was.
///
/// A slow moment of the machine hits both of a pair. So one pair is quoted, the one whose ratio is
/// the median (of an even number, the lesser of the two in the middle): the quoted ratio is that of
/// the quoted sides, whatever the other pairs are.
public struct PairedFigures: Sendable, Equatable {
  public enum Unit: Sendable {
    /// More is faster, such as tokens a second.
    case rate
    /// Less is faster, such as milliseconds.
    case time
  }

  public let dense: Benchmark.Figure
  public let sparse: Benchmark.Figure
  /// How many times faster sparse was.
  public let speedup: Benchmark.Figure
  /// Which pair is quoted.
  let quoted: Int

  /// At least one pair.
  init(_ unit: Unit, dense: [Double], sparse: [Double]) {
    precondition(dense.count == sparse.count && !dense.isEmpty, "measured in pairs")
    let ratios = zip(dense, sparse).map { unit == .rate ? $1 / $0 : $0 / $1 }
    quoted = ratios.indices.sorted { ratios[$0] < ratios[$1] }[(ratios.count - 1) / 2]
    self.dense = .init(dense, quoting: quoted)
    self.sparse = .init(sparse, quoting: quoted)
    speedup = .init(ratios, quoting: quoted)
  }
}
