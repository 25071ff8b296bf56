internal import CSparrowKernels
import SparrowCore

extension OwnedMemory {
  /// A copy of a packed matrix by columns, for products that touch few of them.
  ///
  /// Exact; takes as many bytes again (4 bits a weight for formats of less, 8 for those of more and
  /// of tables; a byte a step). Of a block format, `group` neighbours that are always read together
  /// lie side by side.
  func columns(
    of matrix: UnsafePointer<sk_matrix>, group: Int = 1, pool: WorkerPool
  ) -> UnsafePointer<sk_columns> {
    var layout = sk_columns()
    var dataBytes = 0
    var planeBytes = 0
    var stepBytes = 0
    sk_columns_layout(matrix, Int32(group), &layout, &dataBytes, &planeBytes, &stepBytes)
    layout.data = UnsafeRawPointer(hugeBytes(dataBytes))
    if planeBytes > 0 {
      layout.scales = plane(planeBytes)
      if matrix.pointee.minimums != 0 { layout.minimums = plane(planeBytes) }
    }
    if stepBytes > 0 {
      layout.steps = steps(stepBytes)
      if matrix.pointee.minimums != 0 { layout.minimum_steps = steps(stepBytes) }
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

  private func steps(_ bytes: Int) -> UnsafePointer<Int8> {
    UnsafePointer(hugeBytes(bytes).assumingMemoryBound(to: Int8.self))
  }
}

extension sk_columns {
  /// Bytes of all columns of a matrix by columns, and of all scales, minimums and steps.
  static func bytes(of matrix: UnsafePointer<sk_matrix>) -> (all: Int, always: Int) {
    var layout = sk_columns()
    var (dataBytes, planeBytes, stepBytes) = (0, 0, 0)
    sk_columns_layout(matrix, 1, &layout, &dataBytes, &planeBytes, &stepBytes)
    let all = Int(layout.column_bytes) * Int(layout.columns)
    guard layout.block > 0 else { return (all, 0) }
    let blocks = (Int(layout.columns) + Int(layout.block) - 1) / Int(layout.block)
    let halves = stepBytes == 0 ? blocks : Int(layout.columns) / 256
    let planes = matrix.pointee.minimums == 0 ? 1 : 2
    let perRow = (2 * halves + (stepBytes == 0 ? 0 : blocks)) * planes
    return (all, Int(layout.rows) * perRow)
  }
}
