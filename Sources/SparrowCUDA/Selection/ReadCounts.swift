import CSparrowCUDA
import SparrowCore

/// How much of one layer steps have read, counted on the device.
struct ReadCounts: BitwiseCopyable, Sendable {
  /// `scu_reads`
  let address: scu_address

  init(_ memory: DeviceMemory) throws(SparrowError) {
    address = try memory.bytes(MemoryLayout<scu_reads>.stride)
  }

  /// Counts anew.
  func reset(in context: CUDAContext) throws(SparrowError) {
    try context.call("cuMemsetD8Async") {
      $0.fill_bytes(address, 0, MemoryLayout<scu_reads>.stride, context.stream)
    }
  }

  /// Chosen numbers and columns read of a token, on average; nil before the first. Waits for the
  /// device.
  func mean(
    in context: CUDAContext
  ) throws(SparrowError) -> (chosen: Double, columns: Double)? {
    let reads = try context.values(1, at: address, zero: scu_reads())[0]
    guard reads.tokens > 0 else { return nil }
    let tokens = Double(reads.tokens)
    return (Double(reads.chosen) / tokens, Double(reads.columns) / tokens)
  }
}
