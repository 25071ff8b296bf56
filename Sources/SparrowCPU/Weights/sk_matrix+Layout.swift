internal import CSparrowKernels

extension sk_matrix {
  /// The layout of a matrix packed from rows of a type, without memory yet; nil for types that have none.
  init?(packing type: sk_gguf_type, rows: Int, columns: Int) {
    self.init()
    self.rows = Int32(rows)
    self.columns = Int32(columns)
    guard sk_packed_format(type, &format, &block, &minimums) != 0 else { return nil }
    row_bytes = sk_row_bytes(format, block, minimums, self.columns)
  }

  /// Whether all weights of these rows are numbers.
  func isFinite(_ rows: Range<Int>) -> Bool {
    withUnsafePointer(to: self) {
      sk_rows_finite($0, Int32(rows.lowerBound), Int32(rows.upperBound)) != 0
    }
  }

  /// The same matrix with its rows in `memory`.
  func at(_ memory: UnsafeRawPointer) -> sk_matrix {
    var matrix = self
    matrix.data = memory
    return matrix
  }
}
