package import CSparrowCUDA
package import SparrowCore

/// A device ready for use by this process: its context, and a stream on which work is queued in
/// order, beside which another one may run.
///
/// Its calls may come from any thread, one at a time. Everything made of it keeps it alive.
package final class CUDAContext: @unchecked Sendable {
  package let driver: CUDADriver
  package let device: CUDADevice
  let stream: scu_stream
  /// Runs what is queued `beside` the other stream's work.
  private let side: scu_stream
  /// Where kernels are queued now.
  private(set) var current: scu_stream
  var isBeside: Bool { current != stream }
  private let context: scu_context

  /// Throws what the driver's calls throw.
  package init(_ ordinal: Int, driver: CUDADriver) throws(SparrowError) {
    let device = try CUDADevice(ordinal, driver)
    var context: scu_context?
    try driver.check(
      "cuDevicePrimaryCtxRetain", driver.calls.retain_context(&context, Int32(ordinal)))
    self.driver = driver
    self.device = device
    self.context = context!
    var stream: scu_stream?
    var side: scu_stream?
    do throws(SparrowError) {
      try driver.check("cuCtxSetCurrent", driver.calls.set_context(context))
      // Not ordered with the default stream.
      try driver.check("cuStreamCreate", driver.calls.make_stream(&stream, 1))
      try driver.check("cuStreamCreate", driver.calls.make_stream(&side, 1))
    } catch {
      _ = driver.calls.release_context(Int32(ordinal))
      throw error
    }
    self.stream = stream!
    self.side = side!
    current = stream!
  }

  deinit {
    use()
    _ = driver.calls.destroy_stream(stream)
    _ = driver.calls.destroy_stream(side)
    _ = driver.calls.release_context(Int32(device.ordinal))
  }

  /// Makes the context this thread's: the driver keeps one for each thread.
  func use() { _ = driver.calls.set_context(context) }

  /// Runs a call of the driver in this context and checks its status.
  func call(
    _ name: StaticString, _ body: (scu_driver) -> Int32
  ) throws(SparrowError) {
    use()
    do throws(SparrowError) {
      try driver.check(name, body(driver.calls))
    } catch {
      throw SparrowError(
        error.kind, file: "cuda:\(device.ordinal)", field: error.field, found: error.found,
        expected: error.expected)
    }
  }

  /// Queues kernels behind all that was queued so far, `since` marking it, and beside what will be.
  ///
  /// What they write nobody may use before a mark that `body` records has been waited for, and a
  /// graph's capture ends only then.
  func beside(
    since: CUDAEvent, _ body: () throws(SparrowError) -> Void
  ) throws(SparrowError) {
    try since.record()
    current = side
    defer { current = stream }
    try since.holdBack()
    try body()
  }

  /// Waits until all that was queued is done. Throws what went wrong on the device.
  package func synchronize() throws(SparrowError) {
    try call("cuStreamSynchronize") { $0.wait_for_stream(stream) }
  }

  /// Copies what was queued before to be written at an address, and waits for it.
  package func read(
    _ address: scu_address, into bytes: UnsafeMutableRawBufferPointer
  ) throws(SparrowError) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    try call("cuMemcpyDtoHAsync") { $0.copy_out(base, address, bytes.count, stream) }
    try synchronize()
  }

  /// Bytes that may still be allocated.
  package func freeMemory() throws(SparrowError) -> Int {
    var free = 0
    var total = 0
    try call("cuMemGetInfo") { $0.memory_info(&free, &total) }
    return free
  }
}
