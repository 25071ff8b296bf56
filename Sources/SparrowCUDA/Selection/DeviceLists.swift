import CSparrowCUDA
import SparrowCore

/// Numbers chosen for each row of a step, on the device: neurons, head groups, or elements of an
/// input.
struct DeviceLists: BitwiseCopyable, Sendable {
  let argument: scu_lists

  init(width: Int, _ memory: DeviceMemory) throws(SparrowError) {
    let rows = StepShape.sparseRows
    argument = scu_lists(
      indices: try memory.bytes(4 * rows * width), counts: try memory.bytes(4 * rows),
      marks: try memory.bytes(4 * rows * ((width + 31) / 32)), width: Int32(width), pad: 0)
  }

  /// How many there are to choose from.
  var width: Int { Int(argument.width) }

  /// A row's, ascending, read back; for what is not timed.
  func read(_ row: Int, in context: CUDAContext) throws(SparrowError) -> [Int32] {
    let count = try context.values(1, at: argument.counts + UInt64(4 * row), zero: Int32(0))[0]
    return try context.values(
      Int(count), at: argument.indices + UInt64(4 * row * width), zero: Int32(0))
  }
}
