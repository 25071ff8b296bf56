package import CSparrowCUDA
package import SparrowCore

/// Memory of a device, freed with its last reference.
package final class DeviceBuffer: @unchecked Sendable {
  package let address: scu_address
  package let byteCount: Int
  private let context: CUDAContext

  /// Its contents are not defined. Throws `.system` with both sizes where memory does not suffice.
  package init(_ byteCount: Int, in context: CUDAContext) throws(SparrowError) {
    var address: scu_address = 0
    self.byteCount = byteCount
    self.context = context
    context.use()
    let status = context.driver.calls.allocate(&address, max(byteCount, 1))
    if status == CUDADriver.outOfMemory, let free = try? context.freeMemory() {
      throw SparrowError(
        .system, file: "cuda:\(context.device.ordinal)", field: "memory",
        found: "\(Quantity.bytes(byteCount)) wanted",
        expected: "at most \(Quantity.bytes(free)), which are free")
    }
    try context.driver.check("cuMemAlloc", status)
    self.address = address
  }

  deinit {
    context.use()
    _ = context.driver.calls.free(address)
  }

  /// Queues a copy of host memory to `offset` bytes from the start; from memory that is not pinned
  /// it is taken before this returns.
  package func write(
    _ bytes: UnsafeRawBufferPointer, at offset: Int = 0
  ) throws(SparrowError) {
    precondition(offset >= 0 && offset + bytes.count <= byteCount, "beyond the buffer")
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    try context.call("cuMemcpyHtoDAsync") {
      $0.copy_in(address + UInt64(offset), base, bytes.count, context.stream)
    }
  }

  /// Copies to host memory what was queued before to be written here, and waits for it.
  package func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int = 0
  ) throws(SparrowError) {
    precondition(offset >= 0 && offset + bytes.count <= byteCount, "beyond the buffer")
    try context.read(address + UInt64(offset), into: bytes)
  }

  /// Queues a copy of the first `count` bytes to pinned memory, which is there once the host has
  /// waited.
  package func send(to host: PinnedBuffer, count: Int) throws(SparrowError) {
    precondition(count <= byteCount && count <= host.memory.count, "beyond the buffer")
    try context.call("cuMemcpyDtoHAsync") {
      $0.copy_out(host.memory.baseAddress, address, count, context.stream)
    }
  }

  /// Queues a copy of values to `offset` bytes from the start.
  package func write<Value: BitwiseCopyable>(
    _ values: [Value], at offset: Int
  ) throws(SparrowError) {
    try values.withUnsafeBytes { bytes in
      Result { () throws(SparrowError) in try write(bytes, at: offset) }
    }.get()
  }

  /// `count` values from `offset` bytes on, once what was queued before is done.
  package func read<Value: BitwiseCopyable>(
    _ count: Int, of zero: Value, at offset: Int = 0
  ) throws(SparrowError) -> [Value] {
    var values = [Value](repeating: zero, count: count)
    try values.withUnsafeMutableBytes { bytes in
      Result { () throws(SparrowError) in try read(into: bytes, at: offset) }
    }.get()
    return values
  }

  /// Queues zeros into all of it.
  package func clear() throws(SparrowError) {
    try context.call("cuMemsetD8Async") {
      $0.fill_bytes(address, 0, byteCount, context.stream)
    }
  }
}

/// Host memory that the device reads and writes by itself, so that copies do not wait.
package final class PinnedBuffer: @unchecked Sendable {
  package let memory: UnsafeMutableRawBufferPointer
  private let context: CUDAContext

  /// Throws `.system` where the system does not give it.
  package init(_ byteCount: Int, in context: CUDAContext) throws(SparrowError) {
    self.context = context
    var memory: UnsafeMutableRawPointer?
    try context.call("cuMemHostAlloc") { $0.allocate_host(&memory, max(byteCount, 1), 0) }
    self.memory = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
  }

  /// Where kernels find it: host and device share their addresses.
  package var address: scu_address { scu_address(UInt(bitPattern: memory.baseAddress)) }

  deinit {
    context.use()
    _ = context.driver.calls.free_host(memory.baseAddress)
  }
}
