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

  /// The same matrix with its rows in `memory`.
  func at(_ memory: UnsafeRawPointer) -> sk_matrix {
    var matrix = self
    matrix.data = memory
    return matrix
  }
}
