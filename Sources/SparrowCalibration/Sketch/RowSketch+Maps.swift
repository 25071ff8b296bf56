internal import CSparrowKernels
internal import SparrowBlocks
package import SparrowCore
internal import SparrowNumerics
package import SparrowSparsity

extension RowSketch {
  /// HiRE-LR of maps that were learnt: `basis` `[rank or more, hidden]` and `b` `[rows, rank]`,
  /// with a `bias` for each row where there is one.
  ///
  /// Throws `.argument` for rows of the basis that are no multiple of 32 long.
  package init(
    basis: [Float], rows b: [Float], rank: Int, hidden: Int, meanRow: [Float]? = nil,
    bias given: [Float] = []
  ) throws(SparrowError) {
    guard hidden % 32 == 0, rank % 32 == 0 else {
      throw SparrowError(
        .argument, field: "sketch", found: "\(rank) of \(hidden) columns",
        expected: "multiples of 32")
    }
    let count = b.count / rank
    let rows = try PredictorMatrix(FloatRows(b, columns: rank), type: .f16)
    let padded = (count + Self.blockRows - 1) / Self.blockRows * Self.blockRows
    let bias = (0..<padded).map {
      $0 >= count ? -.infinity : given.isEmpty ? 0 : given[$0]
    }
    var halves = [UInt16](repeating: 0, count: padded)
    sk_to_f16(bias, &halves, Int32(padded))
    self.init(
      rowCount: count, hidden: hidden, mean: [Float](repeating: 0, count: hidden),
      meanRow: meanRow ?? [Float](repeating: 0, count: hidden),
      basis: Q8Blocks.quantized(FloatRows(basis, columns: hidden)), bounds: [0, rank],
      centroids: [], codes: [], bias: halves, deviation: 1,
      rows: SketchRows(coding: .lowRank, directions: rank, bytes: rows.bytes))
  }
}
