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

  private struct Launch: Sendable {
    let kernel: CUDAKernel
    let lanes: Int
    var argument: scu_column_sums
  }

  private var launches: [Launch] = []

  /// Chosen numbers stand for `group` columns each. Values of a smaller size than `least` read no
  /// column, nor do zeros. The sums are added to their outputs where `adds` is true.
  init(
    _ parts: [Part], chosen: DeviceLists, group: Int = 1, values: DeviceRows, least: Float = 0,
    adds: Bool, reads: ReadCounts?, _ library: KernelLibrary
  ) throws(SparrowError) {
    for part in parts {
      let matrix = part.matrix.argument
      // Small outputs would else be too few blocks.
      let lanes = matrix.rows < 2048 ? 2 : 4
      var launch: Launch
      if let last = launches.last, last.lanes == lanes, last.argument.count < SCU_PRODUCTS,
        last.argument.sums.0.matrix.format == matrix.format
      {
        launch = launches.removeLast()
      } else {
        var argument = scu_column_sums()
        argument.chosen = chosen.argument
        (argument.values, argument.values_width) = (values.address, Int32(values.width))
        (argument.group, argument.least, argument.adds) = (Int32(group), least, adds ? 1 : 0)
        argument.reads = launches.isEmpty ? reads?.address ?? 0 : 0
        let kernel = try library.kernel(
          "column_sums", of: ["sparse_arguments.h", "columns.cu"],
          constants: [("FORMAT", Int(matrix.format)), ("SUM_LANES", lanes)])
        launch = Launch(kernel: kernel, lanes: lanes, argument: argument)
      }
      let sum = scu_column_sum(
        matrix: matrix, bias: part.bias, output: part.output.address,
        width: Int32(part.output.width), first_tile: launch.argument.tiles)
      withUnsafeMutableBytes(of: &launch.argument.sums) {
        $0.bindMemory(to: scu_column_sum.self)[Int(launch.argument.count)] = sum
      }
      launch.argument.count += 1
      launch.argument.tiles += (matrix.rows + Int32(8 * lanes) - 1) / Int32(8 * lanes)
      launches.append(launch)
    }
  }

  func launch(_ shape: StepShape) throws(SparrowError) {
    for launch in launches {
      try launch.kernel.launch(
        .init(grid: Int(launch.argument.tiles), shape.rows, block: 512, startsEarly: true),
        launch.argument)
    }
  }
}
