internal import CSparrowKernels
import SparrowCore
import SparrowEngine
import SparrowSparsity

extension Scratch {
  /// A matrix in kernel layout, packed from rows of such a type.
  func matrix(
    _ type: ElementType, rows: Int, columns: Int, bytes: [UInt8]
  ) -> UnsafeMutablePointer<sk_matrix> {
    guard let type = type.kernelType,
      var layout = sk_matrix(packing: type, rows: rows, columns: columns)
    else { preconditionFailure("a type without a layout") }
    layout.data = UnsafeRawPointer(hugeBytes(Int(layout.row_bytes) * rows))
    let matrix = self.bytes(MemoryLayout<sk_matrix>.stride)
      .assumingMemoryBound(to: sk_matrix.self)
    matrix.initialize(to: layout)
    bytes.withUnsafeBytes { sk_pack_rows(matrix, type, $0.baseAddress, 0, Int32(rows)) }
    return matrix
  }

  /// A predictor's or an update's matrix in kernel layout.
  func matrix(_ matrix: PredictorMatrix) -> UnsafeMutablePointer<sk_matrix> {
    self.matrix(matrix.type, rows: matrix.rows, columns: matrix.columns, bytes: matrix.bytes)
  }
}
