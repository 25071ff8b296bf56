package import SparrowCore

/// Covariance of two kinds of vectors that come together, without keeping them.
///
/// As `MomentSum`, but sums are float32 too: a regression of thousands of vectors needs no more,
/// and the matrices are large. Costs 2 · sources · inputs operations a pair.
package final class CrossMoment {
  package let sources: Int
  package let inputs: Int
  private var count = 0
  private let products: FloatRows
  private let sourceSums: FloatRows
  private let inputSums: FloatRows
  private let sourceCenter: FloatRows
  private let inputCenter: FloatRows
  private let pool: WorkerPool
  /// Pairs that one product takes.
  private static let groupRows = 512
  /// Elements of sources that a worker turns into columns at a time.
  private static let tileRows = 32

  package init(sources: Int, inputs: Int, pool: WorkerPool) {
    self.sources = sources
    self.inputs = inputs
    self.pool = pool
    products = FloatRows(rows: sources, columns: inputs)
    sourceSums = FloatRows(rows: 1, columns: sources)
    inputSums = FloatRows(rows: 1, columns: inputs)
    sourceCenter = FloatRows(rows: 1, columns: sources)
    inputCenter = FloatRows(rows: 1, columns: inputs)
  }

  /// Adds the first `count` rows of each, pair by pair.
  package func add(_ sourceRows: FloatRows, with inputRows: FloatRows, count: Int) {
    if self.count == 0, count > 0 {
      Self.setMean(sourceCenter, of: sourceRows, count: count)
      Self.setMean(inputCenter, of: inputRows, count: count)
    }
    for start in stride(from: 0, to: count, by: Self.groupRows) {
      addGroup(sourceRows, inputRows, start..<min(start + Self.groupRows, count))
    }
    self.count += count
  }

  /// `[sources]`
  package var sourceMean: [Float] {
    (0..<sources).map { sourceCenter[0][$0] + sourceSums[0][$0] / Float(max(count, 1)) }
  }

  /// `[sources, inputs]`, divided by the count.
  package func covariance() -> FloatRows {
    let result = FloatRows(rows: sources, columns: inputs)
    let scale = 1 / Float(max(count, 1))
    for row in 0..<sources {
      let mean = sourceSums[0][row] * scale
      for column in 0..<inputs {
        result[row][column] = products[row][column] * scale - mean * inputSums[0][column] * scale
      }
    }
    return result
  }

  /// All that was added.
  package func visit(_ name: String, _ visitor: some RecordVisitor) throws(SparrowError) {
    try visitor.visit(name + ".count", &count)
    for (part, rows) in [
      ("products", products), ("source_sums", sourceSums), ("input_sums", inputSums),
      ("source_center", sourceCenter), ("input_center", inputCenter),
    ] {
      try visitor.visit(name + "." + part, rows)
    }
  }

  private static func setMean(_ mean: FloatRows, of rows: FloatRows, count: Int) {
    for row in 0..<count {
      for column in 0..<mean.columns { mean[0][column] += rows[row][column] / Float(count) }
    }
  }

  private func addGroup(_ sourceRows: FloatRows, _ inputRows: FloatRows, _ group: Range<Int>) {
    let inputColumns = FloatRows(rows: inputs, columns: Self.groupRows)
    pool.run { worker in
      for column in worker.share(of: inputs) {
        inputSums[0][column] += Self.turn(
          inputRows, column, inputCenter[0][column], group, into: inputColumns[column])
      }
      worker.barrier()
      let share = worker.share(of: sources)
      let tile = FloatRows(rows: Self.tileRows, columns: Self.groupRows)
      let product = FloatRows(rows: Self.tileRows, columns: inputs)
      for start in stride(from: share.lowerBound, to: share.upperBound, by: Self.tileRows) {
        let rows = min(Self.tileRows, share.upperBound - start)
        for row in 0..<rows {
          let source = start + row
          sourceSums[0][source] += Self.turn(
            sourceRows, source, sourceCenter[0][source], group, into: tile[row])
        }
        inputColumns.multiply(
          0..<inputs, x: tile[0], stride: Self.groupRows, count: rows, output: product[0],
          outputStride: inputs)
        for row in 0..<rows {
          let target = products[start + row]
          for column in 0..<inputs { target[column] += product[row][column] }
        }
      }
    }
  }

  /// One column less its centre as a row, zeros behind; its sum.
  private static func turn(
    _ rows: FloatRows, _ column: Int, _ center: Float, _ group: Range<Int>,
    into target: UnsafeMutablePointer<Float>
  ) -> Float {
    var sum: Float = 0
    for (index, row) in group.enumerated() {
      let value = rows[row][column] - center
      target[index] = value
      sum += value
    }
    for index in group.count..<groupRows { target[index] = 0 }
    return sum
  }
}
