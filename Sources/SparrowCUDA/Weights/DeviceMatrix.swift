package import CSparrowCUDA

/// A matrix in a device's memory.
package final class DeviceMatrix: Sendable {
  package let rows: Int
  package let columns: Int
  package let format: scu_format
  /// As kernels take it.
  package let argument: scu_matrix
  package let byteCount: Int
  let buffer: DeviceBuffer

  init(rows: Int, columns: Int, format: scu_format, stride: Int, buffer: DeviceBuffer) {
    self.rows = rows
    self.columns = columns
    self.format = format
    self.buffer = buffer
    byteCount = buffer.byteCount
    argument = scu_matrix(
      weights: buffer.address, format: Int32(format.rawValue), rows: Int32(rows),
      columns: Int32(columns), stride: Int32(stride))
  }
}
