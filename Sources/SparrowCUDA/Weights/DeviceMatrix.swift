package import CSparrowCUDA
import SparrowBlocks
package import SparrowCore
package import SparrowSparsity

/// A matrix on the device, as kernels take it.
package final class DeviceMatrix: Sendable {
  /// What kernels are given.
  package let argument: scu_matrix
  private let memory: DeviceBuffer

  /// `argument`'s weights lie in `memory`.
  init(_ argument: scu_matrix, in memory: DeviceBuffer) {
    self.argument = argument
    self.memory = memory
  }

  /// Copies a predictor's matrix. Throws what the driver's calls throw.
  package init(_ matrix: PredictorMatrix, in context: CUDAContext) throws(SparrowError) {
    guard let type = matrix.type.ggml,
      var argument = scu_matrix(type, rows: matrix.rows, columns: matrix.columns)
    else { preconditionFailure("a type without a layout") }
    var packed = [UInt8](repeating: 0, count: argument.byteCount)
    packed.withUnsafeMutableBytes { packed in
      matrix.bytes.withUnsafeBytes {
        _ = scu_pack_rows(
          &argument, type, $0.baseAddress, Int32(matrix.rows), packed.baseAddress)
      }
    }
    memory = try DeviceBuffer(packed.count, in: context)
    argument.weights = memory.address
    self.argument = argument
    try memory.write(packed, at: 0)
  }

  package var rows: Int { Int(argument.rows) }
  package var columns: Int { Int(argument.columns) }
  package var format: scu_format { scu_format(UInt32(argument.format)) }
  package var rowBytes: Int { argument.rowBytes }
  package var byteCount: Int { argument.byteCount }

  /// Copies a row to the host, waits for it, and expands it to float32, `[columns]`.
  package func read(
    _ row: Int, into target: UnsafeMutablePointer<Float>
  ) throws(SparrowError) {
    var argument = argument
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: rowBytes, alignment: 16)
    defer { bytes.deallocate() }
    let start = Int(argument.weights - memory.address)
    try memory.read(into: bytes, at: start + row * rowBytes)
    scu_unpack_row(&argument, bytes.baseAddress, target)
  }
}

extension scu_matrix {
  /// The layout of a matrix packed from rows of a type, without memory yet: as halves where they
  /// are wanted; nil for types that have none.
  init?(_ type: sb_type, rows: Int, columns: Int, asHalves: Bool = false) {
    let format = asHalves ? Int32(SCU_F16.rawValue) : scu_format_of(type)
    guard format >= 0 else { return nil }
    self.init(
      weights: 0, format: format, rows: Int32(rows), columns: Int32(columns),
      stride: scu_stride_of(format, Int32(columns)))
  }

  var rowBytes: Int {
    var matrix = self
    return Int(scu_row_bytes(&matrix))
  }

  var byteCount: Int { rowBytes * Int(rows) }
}
