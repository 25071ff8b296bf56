internal import CSparrowKernels
import SparrowCore

extension OwnedMemory {
  /// A copy of a packed matrix by columns, for products that touch few of them.
  ///
  /// Exact; takes as many bytes again (4 bits a weight for formats of less, 8 for those of more and
  /// of tables).
  func columns(
    of matrix: UnsafePointer<sk_matrix>, pool: WorkerPool
  ) -> UnsafePointer<sk_columns> {
    var layout = sk_columns()
    var dataBytes = 0
    var planeBytes = 0
    var stepBytes = 0
    sk_columns_layout(matrix, &layout, &dataBytes, &planeBytes, &stepBytes)
    layout.data = UnsafeRawPointer(hugeBytes(dataBytes))
    if planeBytes > 0 {
      layout.scales = plane(planeBytes)
      if matrix.pointee.minimums != 0 { layout.minimums = plane(planeBytes) }
      if stepBytes > 0 {
        layout.steps = UnsafePointer(hugeBytes(stepBytes).assumingMemoryBound(to: UInt8.self))
      }
    }
    let columns = bytes(MemoryLayout<sk_columns>.stride)
      .assumingMemoryBound(to: sk_columns.self)
    columns.initialize(to: layout)
    pool.run { worker in
      let share = worker.share(of: Int(matrix.pointee.rows), unit: 64)
      sk_pack_columns(matrix, columns, Int32(share.lowerBound), Int32(share.upperBound))
    }
    return UnsafePointer(columns)
  }

  private func plane(_ bytes: Int) -> UnsafePointer<UInt16> {
    UnsafePointer(hugeBytes(bytes).assumingMemoryBound(to: UInt16.self))
  }
}

extension sk_columns {
  /// Bytes of all scales, minimums and steps.
  var scaleBytes: Int {
    guard block > 0 else { return 0 }
    let blocks = (Int(columns) + Int(block) - 1) / Int(block)
    let halves = steps == nil ? blocks : Int(columns) / 256
    let perRow = 2 * halves * (minimums == nil ? 1 : 2) + (steps == nil ? 0 : blocks)
    return perRow * Int(rows)
  }
}
