internal import CSparrowKernels
internal import SparrowBlocks
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics
internal import SparrowSparsity

/// Codes a matrix's rows one direction at a time: HiRE's Q, LR and LRQ (arXiv 2402.09360, section
/// 3.1).
///
/// The low-rank ones keep the leading directions of `SketchBasis`, the closed form of the
/// least-squares fit to logits of recorded hidden states (the paper trains them by cross-entropy).
final class RowCoder {
  private let source: SketchedRows
  private let basis: SketchBasis
  private let mean: [Float]
  private let meanRow: [Float]
  private let coding: SketchCoding
  private let directions: Int
  /// nil rounds every direction to the nearest.
  private let rounding: FedBackRounding?

  init(
    source: SketchedRows, basis: SketchBasis, mean: [Float], meanRow: [Float], coding: SketchCoding,
    rank: Int, rounding: FedBackRounding? = nil
  ) {
    self.rounding = rounding
    self.source = source
    self.basis = basis
    self.mean = mean
    self.meanRow = meanRow
    self.coding = coding
    let quarter = max(32, source.hidden / 4 / 32 * 32)
    directions =
      coding.keepsColumns ? source.hidden : min(rank == 0 ? quarter : rank, source.hidden)
  }

  /// The whole sketch. Throws `.cancelled`.
  func sketch(progress: Progress) throws(SparrowError) -> RowSketch {
    var rows = SketchRows(coding: coding, directions: directions, bytes: [])
    rows.bytes = Array(repeating: 0, count: source.rowCount * rows.rowBytes)
    let blocks = (source.rowCount + RowSketch.blockRows - 1) / RowSketch.blockRows
    var bias = [Float](repeating: -.infinity, count: blocks * RowSketch.blockRows)
    let rowBytes = rows.rowBytes
    for start in stride(from: 0, to: source.rowCount, by: 4096) {
      let range = start..<min(start + 4096, source.rowCount)
      rows.bytes.withUnsafeMutableBytes { bytes in
        bias.withUnsafeMutableBufferPointer { bias in
          code(range, rowBytes, into: bytes.baseAddress!, bias: bias.baseAddress!)
        }
      }
      try progress.report(range.upperBound, of: source.rowCount)
    }
    var halves = [UInt16](repeating: 0, count: bias.count)
    sk_to_f16(bias, &halves, Int32(bias.count))
    return RowSketch(
      rowCount: source.rowCount, hidden: source.hidden, mean: mean, meanRow: meanRow,
      basis: coding.keepsColumns ? [] : Q8Blocks.quantized(basis.states), bounds: [0, directions],
      centroids: [], codes: [],
      bias: halves, deviation: 1, rows: rows)
  }

  private func code(
    _ range: Range<Int>, _ rowBytes: Int, into bytes: UnsafeMutableRawPointer,
    bias: UnsafeMutablePointer<Float>
  ) {
    source.pool.run { [self] worker in
      let row = FloatRows(rows: 1, columns: source.hidden)
      let turned = FloatRows(rows: 1, columns: directions)
      for index in worker.share(of: range.count) {
        let number = range.lowerBound + index
        meanRow.withUnsafeBufferPointer { source.read(number, less: $0.baseAddress, into: row[0]) }
        if coding.keepsColumns {
          turned[0].update(from: row[0], count: directions)
        } else {
          basis.rows.multiply(
            0..<directions, x: row[0], stride: source.hidden, count: 1, output: turned[0],
            outputStride: directions)
        }
        var sum: Float = 0
        for column in 0..<source.hidden { sum += row[0][column] * mean[column] }
        bias[number] = sum
        let target = bytes + number * rowBytes
        if let rounding {
          rounding.encode(turned[0], into: target)
        } else if let type = coding.type {
          _ = type.encode(turned[0], count: directions, into: target)
        }
      }
    }
  }
}
