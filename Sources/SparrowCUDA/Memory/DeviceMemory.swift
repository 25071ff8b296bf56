import CSparrowCUDA
import SparrowCore
import SparrowSparsity

/// Zeroed memory of a device at fixed addresses that lives as long as its owner.
final class DeviceMemory: @unchecked Sendable {
  let context: CUDAContext
  private var buffers: [DeviceBuffer] = []
  private var matrices: [DeviceMatrix] = []

  init(in context: CUDAContext) { self.context = context }

  /// Throws `.system` with both sizes where the device has too little memory.
  func bytes(_ count: Int) throws(SparrowError) -> scu_address {
    let buffer = try DeviceBuffer(max(count, 1), in: context)
    try buffer.clear()
    buffers.append(buffer)
    return buffer.address
  }

  func rows(_ count: Int, width: Int) throws(SparrowError) -> DeviceRows {
    DeviceRows(address: try bytes(4 * count * width), width: width)
  }

  /// A copy of a predictor's matrix, which lives as long.
  func matrix(_ matrix: PredictorMatrix) throws(SparrowError) -> DeviceMatrix {
    let copy = try DeviceMatrix(matrix, in: context)
    matrices.append(copy)
    return copy
  }

  /// A copy of values; 0 of none.
  func copy<T: BitwiseCopyable>(_ values: [T]) throws(SparrowError) -> scu_address {
    guard !values.isEmpty else { return 0 }
    let buffer = try DeviceBuffer(MemoryLayout<T>.stride * values.count, in: context)
    var failure: SparrowError?
    values.withUnsafeBytes { bytes in
      do throws(SparrowError) { try buffer.write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    buffers.append(buffer)
    return buffer.address
  }
}

extension CUDAContext {
  /// Queues a copy to pinned memory, which is there once the host has waited.
  func copy(
    _ address: scu_address, to host: PinnedBuffer, at offset: Int, count: Int
  ) throws(SparrowError) {
    precondition(offset + count <= host.memory.count, "beyond the buffer")
    try call("cuMemcpyDtoHAsync") {
      $0.copy_out(host.memory.baseAddress! + offset, address, count, stream)
    }
  }

  /// Copies values to the host and waits for them.
  func values<T: BitwiseCopyable>(
    _ count: Int, at address: scu_address, zero: T
  ) throws(SparrowError) -> [T] {
    var values = [T](repeating: zero, count: count)
    var failure: SparrowError?
    values.withUnsafeMutableBytes { bytes in
      do throws(SparrowError) { try read(address, into: bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    return values
  }
}
