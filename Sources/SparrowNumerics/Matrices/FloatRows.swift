internal import CSparrowKernels
package import SparrowCore

/// Rows of float32 in the kernels' layout, `[rows, columns]`, zero at first.
package final class FloatRows {
  package let rows: Int
  package let columns: Int
  private let memory: UnsafeMutableRawPointer

  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    let bytes = max(64, rows * columns * 4)
    memory = .allocate(byteCount: bytes, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
  }

  /// A copy of row-major values, at least one row.
  package convenience init(_ values: [Float], columns: Int) {
    precondition(!values.isEmpty && values.count % columns == 0, "whole rows")
    self.init(rows: values.count / columns, columns: columns)
    self[0].update(from: values, count: values.count)
  }

  deinit { memory.deallocate() }

  /// `[columns]`
  package subscript(row: Int) -> UnsafeMutablePointer<Float> {
    memory.assumingMemoryBound(to: Float.self) + row * columns
  }

  /// `[rows][columns]`
  package var values: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: self[0], count: rows * columns)
  }

  /// output[t][r] = dot(self[r], x[t]) for the rows r in `range` and `count` inputs x, `[columns]`
  /// each, `stride` floats apart; outputs lie `outputStride` apart.
  package func multiply(
    _ range: Range<Int>, x: UnsafePointer<Float>, stride: Int, count: Int,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    var matrix = sk_matrix(
      data: memory, row_bytes: Int64(columns * 4), rows: Int32(rows), columns: Int32(columns),
      format: SK_F32, block: 0, minimums: 0)
    sk_gemm(
      &matrix, x, stride * 4, Int32(count), output, Int64(outputStride), Int32(range.lowerBound),
      Int32(range.upperBound))
  }
}

extension FloatRows {
  package convenience init(_ matrix: SquareMatrix) {
    self.init(rows: matrix.order, columns: matrix.order)
    for index in 0..<rows * columns { self[0][index] = Float(matrix[0][index]) }
  }

  package func transposed() -> FloatRows {
    let result = FloatRows(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column][row] = self[row][column] }
    }
    return result
  }

  /// Products of all rows with those of `other`, on all workers: `[other.rows, rows]`.
  package func multiplied(byRowsOf other: FloatRows, pool: WorkerPool) -> FloatRows {
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
