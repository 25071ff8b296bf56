internal import CSparrowKernels

/// Rows of float32 in the kernels' layout, `[rows, columns]`, zero at first.
final class FloatRows {
  let rows: Int
  let columns: Int
  private let memory: UnsafeMutableRawPointer

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    let bytes = max(64, rows * columns * 4)
    memory = .allocate(byteCount: bytes, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
  }

  /// A copy of row-major values, at least one row.
  convenience init(_ values: [Float], columns: Int) {
    precondition(!values.isEmpty && values.count % columns == 0, "whole rows")
    self.init(rows: values.count / columns, columns: columns)
    self[0].update(from: values, count: values.count)
  }

  deinit { memory.deallocate() }

  /// `[columns]`
  subscript(row: Int) -> UnsafeMutablePointer<Float> {
    memory.assumingMemoryBound(to: Float.self) + row * columns
  }

  /// `[rows][columns]`
  var values: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: self[0], count: rows * columns)
  }

  /// output[t][r] = dot(self[r], x[t]) for the rows r in `range` and `count` inputs x, `[columns]` each,
  /// `stride` floats apart; outputs lie `outputStride` apart.
  func multiply(
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
