internal import SparrowCore

extension FloatRows {
  convenience init(_ matrix: SquareMatrix) {
    self.init(rows: matrix.order, columns: matrix.order)
    for index in 0..<rows * columns { self[0][index] = Float(matrix[0][index]) }
  }

  func transposed() -> FloatRows {
    let result = FloatRows(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column][row] = self[row][column] }
    }
    return result
  }

  /// Products of all rows with those of `other`, on all workers: `[other.rows, rows]`.
  func multiplied(byRowsOf other: FloatRows, pool: WorkerPool) -> FloatRows {
    let result = FloatRows(rows: other.rows, columns: rows)
    pool.run { worker in
      let share = worker.share(of: other.rows)
      guard !share.isEmpty else { return }
      multiply(
        0..<rows, x: other[share.lowerBound], stride: columns, count: share.count,
        output: result[share.lowerBound], outputStride: rows)
    }
    return result
  }
}
