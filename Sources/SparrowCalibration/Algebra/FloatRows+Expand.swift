internal import CSparrowKernels
internal import SparrowEngine
internal import SparrowCore
internal import SparrowNumerics

extension FloatRows {
  /// Expands as many rows of `type`, one after the other in `bytes`, as the decoding kernels read
  /// them.
  func expand(_ range: Range<Int>, from bytes: UnsafeRawPointer, _ type: ElementType) {
    guard !range.isEmpty else { return }
    var (layout, kind) = type.packed(rows: range.count, columns: columns)
    let size = Int(layout.row_bytes) * range.count
    withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { packed in
      layout.data = UnsafeRawPointer(packed.baseAddress!)
      sk_pack_rows(&layout, kind, bytes, 0, layout.rows)
      for row in range { sk_unpack_row(&layout, Int32(row - range.lowerBound), self[row]) }
    }
  }
}

extension ElementType {
  /// How a matrix of this type lies in memory for the kernels, without its memory.
  func packed(rows: Int, columns: Int) -> (layout: sk_matrix, type: sk_gguf_type) {
    guard let type = kernelType else { preconditionFailure("\(self) holds no weights") }
    var layout = sk_matrix()
    layout.rows = Int32(rows)
    layout.columns = Int32(columns)
    _ = sk_packed_format(type, &layout.format, &layout.block, &layout.minimums)
    layout.row_bytes = sk_row_bytes(layout.format, layout.block, layout.minimums, layout.columns)
    return (layout, type)
  }
}
