internal import CSparrowKernels

extension Scratch {
  /// A matrix in kernel layout, packed from rows of a GGUF type.
  func matrix(
    _ type: sk_gguf_type, rows: Int, columns: Int, bytes: [UInt8]
  ) -> UnsafeMutablePointer<sk_matrix> {
    var layout = sk_matrix()
    layout.rows = Int32(rows)
    layout.columns = Int32(columns)
    _ = sk_packed_format(type, &layout.format, &layout.block, &layout.minimums)
    layout.row_bytes = sk_row_bytes(
      layout.format, layout.block, layout.minimums, layout.columns)
    layout.data = UnsafeRawPointer(hugeBytes(Int(layout.row_bytes) * rows))
    let matrix = self.bytes(MemoryLayout<sk_matrix>.stride)
      .assumingMemoryBound(to: sk_matrix.self)
    matrix.initialize(to: layout)
    bytes.withUnsafeBytes { sk_pack_rows(matrix, type, $0.baseAddress, 0, Int32(rows)) }
    return matrix
  }
}
