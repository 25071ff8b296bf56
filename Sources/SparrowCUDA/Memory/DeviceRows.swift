import CSparrowCUDA

/// A step's buffer on the device: float32 rows.
struct DeviceRows: BitwiseCopyable, Sendable {
  let address: scu_address
  /// Elements of a row.
  let width: Int

  init(address: scu_address, width: Int) {
    self.address = address
    self.width = width
  }

  /// The same memory with shorter rows.
  func narrowed(to width: Int) -> DeviceRows { DeviceRows(address: address, width: width) }

  /// The rows from `row` on.
  func from(_ row: Int) -> DeviceRows {
    DeviceRows(address: address + UInt64(4 * row * width), width: width)
  }
}
