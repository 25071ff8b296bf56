internal import CSparrowKernels
internal import SparrowCPU
internal import SparrowCore

extension FloatRows {
  /// Expands as many rows of `type`, one after the other in `bytes`, as the decoding kernels read them.
  func expand(_ range: Range<Int>, from bytes: UnsafeRawPointer, _ type: ElementType) {
    guard let type = type.kernelType else { preconditionFailure("\(type) holds no weights") }
    guard !range.isEmpty else { return }
    var layout = sk_matrix()
    layout.rows = Int32(range.count)
    layout.columns = Int32(columns)
    _ = sk_packed_format(type, &layout.format, &layout.block, &layout.minimums)
    layout.row_bytes = sk_row_bytes(layout.format, layout.block, layout.minimums, layout.columns)
    let size = Int(layout.row_bytes) * range.count
    withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { packed in
      layout.data = UnsafeRawPointer(packed.baseAddress!)
      sk_pack_rows(&layout, type, bytes, 0, layout.rows)
      for row in range { sk_unpack_row(&layout, Int32(row - range.lowerBound), self[row]) }
    }
  }
}
