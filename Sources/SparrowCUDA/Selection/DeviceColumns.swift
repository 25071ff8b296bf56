import CSparrowCUDA
import SparrowCore

/// A matrix copied by columns on the device, for sums that touch few of them.
///
/// Exact; floats take as many bytes again, blocks a byte a weight and their scales.
final class DeviceColumns: Sendable {
  let argument: scu_columns
  private let memory: DeviceMemory

  init(_ matrix: DeviceMatrix, _ library: KernelLibrary) throws(SparrowError) {
    memory = DeviceMemory(in: library.context)
    let stride = (matrix.rows + 31) / 32 * 32
    var columns = scu_columns()
    columns.rows = Int32(matrix.rows)
    columns.columns = Int32(matrix.columns)
    columns.stride = Int32(stride)
    let block = scu_block_of(Int32(matrix.format.rawValue))
    let bytes: Int
    switch matrix.format {
    case SCU_F32: (columns.format, bytes) = (Int32(SCU_COLUMNS_F32.rawValue), 4)
    case SCU_F16: (columns.format, bytes) = (Int32(SCU_COLUMNS_F16.rawValue), 2)
    case SCU_BF16: (columns.format, bytes) = (Int32(SCU_COLUMNS_BF16.rawValue), 2)
    default: (columns.format, bytes) = (Int32(SCU_COLUMNS_BLOCKS.rawValue), 1)
    }
    columns.weights = try memory.bytes(bytes * stride * matrix.columns)
    if block.bits > 0 {
      let plane = 2 * stride * (matrix.columns / Int(block.span))
      columns.span = block.span
      columns.scales = try memory.bytes(plane)
      if block.minimums != 0 { columns.minimums = try memory.bytes(plane) }
    }
    argument = columns
    try library.kernel("transpose", of: ["sparse_arguments.h", "transpose.cu"]).launch(
      .init(grid: (matrix.rows + 127) / 128, matrix.columns, block: 128),
      scu_transpose(from: matrix.argument, to: columns))
  }
}
