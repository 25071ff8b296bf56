import CSparrowCUDA
import SparrowBlocks
import SparrowCore
import SparrowSparsity
import SparrowTransformer

/// Scores of all rows of a sketch for rows of a step: what HiRE's first stage computes instead of
/// the exact products.
final class SketchScores: Sendable {
  let rowCount: Int
  let blocks: Int
  /// `[rows][blocks * 64]`, without meanRow · h.
  let scores: DeviceRows
  /// `[rows][blocks]`: the best score of each 64; nil where nobody ranks them.
  let best: DeviceRows?
  /// The inputs in the sketch's directions.
  let directions: DeviceRows
  /// meanRow · h, `[rows]`.
  let meanDots: scu_address
  /// Halves, `[blocks * 64]`, where they are still to be added to `scores`; 0 where they have been.
  let bias: scu_address

  private let operands: Operands
  private let hidden: Int
  private let groups: Int
  private let mean: scu_address
  private let meanRow: scu_address
  private let centered: DeviceRows
  private let center: CUDAKernel
  private let finish: CUDAKernel
  /// nil where directions are the columns.
  private let basis: Products?
  /// The scalar sketch's rows; nil where rows are codes.
  private let rows: Products?
  /// How codes are looked up, or products get their biases; nil where nothing is left to do.
  private let look: scu_sketch?

  /// Blocks of 64 rows are ranked where a search wants their best.
  init(
    _ sketch: RowSketch, ranksBlocks: Bool, _ operands: Operands, _ memory: DeviceMemory
  ) throws(SparrowError) {
    self.operands = operands
    let library = operands.kernels.library
    let count = StepShape.sparseRows
    (rowCount, blocks, hidden) = (sketch.rowCount, sketch.blocks, sketch.hidden)
    groups = sketch.groups
    let padded = sketch.blocks * RowSketch.blockRows
    scores = try memory.rows(count, width: padded)
    best = ranksBlocks ? try memory.rows(count, width: sketch.blocks) : nil
    meanDots = try memory.bytes(4 * count)
    mean = try memory.copy(sketch.mean)
    meanRow = try memory.copy(sketch.meanRow)
    centered = try memory.rows(count, width: sketch.hidden)
    func kernel(_ name: String, sharedBytes: Int = 0) throws(SparrowError) -> CUDAKernel {
      try library.kernel(
        name, of: ["sparse_arguments.h", "sketch.cu"], sharedBytes: sharedBytes)
    }
    center = try kernel("center_rows")
    // A table of 16 products for each group.
    finish = try kernel("sketch_scores", sharedBytes: 64 * sketch.groups)
    func products(
      _ type: ElementType, _ rows: Int, _ columns: Int, _ bytes: [UInt8], of input: DeviceRows,
      into output: DeviceRows
    ) throws(SparrowError) -> Products {
      let matrix = try memory.matrix(
        PredictorMatrix(rows: rows, columns: columns, type: type, bytes: bytes))
      return Products([.init(matrix: matrix, bias: 0, output: output)], of: input, operands)
    }
    if sketch.basis.isEmpty {
      (directions, basis) = (centered, nil)
    } else {
      directions = try memory.rows(count, width: sketch.basisRows)
      basis = try products(
        .q8_0, sketch.basisRows, sketch.hidden, sketch.basis, of: centered, into: directions)
    }
    let halves = try memory.copy(sketch.bias)
    var look = scu_sketch()
    look.bias = halves
    (look.scores, look.best) = (scores.address, best?.address ?? 0)
    (look.blocks, look.row_count) = (Int32(sketch.blocks), Int32(sketch.rowCount))
    if let own = sketch.rows, let type = own.coding.type {
      rows = try products(
        type, sketch.rowCount, own.directions, own.bytes, of: directions, into: scores)
      bias = ranksBlocks ? 0 : halves
      self.look = ranksBlocks ? look : nil
    } else {
      rows = nil
      bias = 0
      look.directions = directions.address
      look.direction_count = Int32(directions.width)
      look.groups = Int32(sketch.groups)
      look.centroids = try memory.copy(sketch.centroidLanes)
      look.bounds = try memory.copy(sketch.bounds.map(Int32.init))
      look.codes = try memory.copy(sketch.codes)
      self.look = look
    }
  }

  /// Queues the scores of `rows` rows of `input`.
  func launch(_ input: DeviceRows, rows count: Int) throws(SparrowError) {
    try center.launch(
      .init(grid: count, block: operands.threads(hidden), startsEarly: true),
      scu_center(
        input: input.address, mean: mean, mean_row: meanRow, centered: centered.address,
        mean_dots: meanDots, input_width: Int32(input.width), width: Int32(hidden)))
    // A single row is made by the products' own launches.
    var shape = StepShape(rows: count, positions: 1, type: .f16)
    shape.isDecode = true
    try basis?.launch(shape)
    try rows?.launch(shape)
    guard let look else { return }
    let blocks = min((blocks + 15) / 16, operands.multiprocessors)
    try finish.launch(.init(grid: blocks, count, block: 256, startsEarly: true), look)
  }
}
