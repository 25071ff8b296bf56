internal import CSparrowKernels
internal import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowSparsity

extension sk_matrix {
  /// The layout of a matrix packed from rows of a type, without memory yet; nil for types that have
  /// none.
  init?(packing type: sb_type, rows: Int, columns: Int) {
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

extension OwnedMemory {
  /// A matrix in kernel layout, packed from rows of such a type.
  func matrix(
    _ type: ElementType, rows: Int, columns: Int, bytes: [UInt8]
  ) -> UnsafeMutablePointer<sk_matrix> {
    guard let type = type.ggml,
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
