import CSparrowCUDA
import SparrowCore

/// Sums of chosen columns of matrices times their values, a launch for each format.
struct ColumnSums: Sendable {
  /// One matrix by columns with its bias and where its sums go.
  struct Part: Sendable {
    let matrix: DeviceColumns
    /// Its address; 0 without.
    let bias: scu_address
    let output: DeviceRows
  }

  private var launches: [scu_column_sums] = []
  private let library: KernelLibrary
  /// What kernels cut columns by.
  private let words: Int

  /// Elements of an output that a block takes, and rows at most.
  private static let slice = StepBuffers.columnSlice
  private static let mostRows = 8
  /// Warps of a block.
  private static let warps = 8
  /// As the kernel has it.
  private static let mostParts = 8

  /// Values of a smaller size than `least` read no column, nor do zeros. The sums are added to
  /// their outputs where `adds` is true.
  init(
    _ parts: [Part], chosen: DeviceLists, values: DeviceRows, least: Float = 0, adds: Bool,
    reads: ReadCounts?, _ operands: Operands
  ) throws(SparrowError) {
    library = operands.kernels.library
    words = (chosen.columns + 31) / 32
    var count = 0
    for part in parts {
      let matrix = part.matrix.argument
      var launch: scu_column_sums
      if let last = launches.last, count < SCU_PRODUCTS, last.format == matrix.format {
        launch = launches.removeLast()
      } else {
        launch = scu_column_sums()
        launch.chosen = chosen.argument
        (launch.values, launch.values_width) = (values.address, Int32(values.width))
        (launch.least, launch.adds) = (least, adds ? 1 : 0)
        launch.reads = launches.isEmpty ? reads?.address ?? 0 : 0
        launch.parts = operands.buffers.columns.address
        launch.arrivals = operands.buffers.columnArrivals
        count = 0
      }
      withUnsafeMutableBytes(of: &launch.sums) {
        $0.bindMemory(to: scu_column_sum.self)[count] = scu_column_sum(
          matrix: matrix, bias: part.bias, output: part.output.address,
          width: Int32(part.output.width), pad: 0)
      }
      count += 1
      launches.append(launch)
    }
  }

  func launch(_ shape: StepShape) throws(SparrowError) {
    // The step's rows, up to a power of two: each has sums of its own in registers.
    var rows = 1
    while rows < min(shape.rows, Self.mostRows) { rows *= 2 }
    for var launch in launches {
      launch.rows = Int32(shape.rows)
      let kernel = try library.kernel(
        "column_sums", of: ["sparse_arguments.h", "columns.cu"],
        constants: [("FORMAT", Int(launch.format)), ("ROWS", rows)],
        // Of the warps' sums, which are more than their columns and values.
        sharedBytes: Self.warps * 4 * Self.slice * rows)
      try kernel.launch(
        .init(
          grid: launch.tiles, parts(launch), (shape.rows + rows - 1) / rows,
          block: 32 * Self.warps, startsEarly: true), launch)
    }
  }

  /// Blocks that have a part of the columns each, by the matrices alone: sums follow it.
  private func parts(_ launch: scu_column_sums) -> Int {
    let all = 2 * library.context.device.multiprocessors / launch.tiles
    return max(1, min(all, Self.mostParts, words / Self.warps))
  }
}

extension scu_column_sums {
  fileprivate var format: Int32 { sums.0.matrix.format }

  /// Of all outputs.
  fileprivate var tiles: Int {
    withUnsafeBytes(of: sums) {
      $0.bindMemory(to: scu_column_sum.self).reduce(0) {
        $0 + (Int($1.matrix.stride) + StepBuffers.columnSlice - 1) / StepBuffers.columnSlice
      }
    }
  }
}
