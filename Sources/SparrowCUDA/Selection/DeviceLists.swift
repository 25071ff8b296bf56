import CSparrowCUDA
import SparrowCore

/// Numbers chosen for each row of a step and their union, on the device: neurons, head groups, or
/// elements of an input.
struct DeviceLists: BitwiseCopyable, Sendable {
  let argument: scu_lists

  /// Numbers below `width`, each of which stands for `group` columns of a matrix.
  init(width: Int, group: Int = 1, _ memory: DeviceMemory) throws(SparrowError) {
    let rows = StepShape.sparseRows
    let columns = width * group
    argument = scu_lists(
      marks: try memory.bytes(4 * rows * ((width + 31) / 32)),
      members: try memory.bytes(4 * columns),
      starts: try memory.bytes(4 * ((columns + 31) / 32 + 1)), arrivals: try memory.bytes(4),
      width: Int32(width), group: Int32(group))
  }

  /// How many there are to choose from.
  var width: Int { Int(argument.width) }
  /// What they stand for.
  var columns: Int { width * Int(argument.group) }

  /// A row's, ascending, read back; for what is not timed.
  func read(_ row: Int, in context: CUDAContext) throws(SparrowError) -> [Int32] {
    let words = (width + 31) / 32
    let marks = try context.values(
      words, at: argument.marks + UInt64(4 * row * words), zero: UInt32(0))
    return (0..<Int32(width)).filter { marks[Int($0 / 32)] >> UInt32($0 % 32) & 1 != 0 }
  }
}
