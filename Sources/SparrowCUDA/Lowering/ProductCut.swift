import CSparrowCUDA
import SparrowCore

/// How products with a number of rows are cut into blocks, and the kernel that does them.
///
/// What is written here of times was measured on an H200; bits do not depend on the cut.
struct ProductCut: Equatable {
  let kernel: String
  let files: [String]
  let constants: [(String, Int)]
  let sharedBytes: Int
  let grid: (x: Int, y: Int)

  static func == (a: ProductCut, b: ProductCut) -> Bool {
    a.kernel == b.kernel && a.files == b.files && a.sharedBytes == b.sharedBytes
      && a.grid == b.grid && a.constants.elementsEqual(b.constants, by: ==)
  }

  /// Rows from which weights are read once for 64 or 128 of them.
  static let many = 128
  /// What every kernel of products is put together from.
  private static let parts = ["products.cuh", "lines.cuh", "copies.cuh"]
  /// Shared memory that a block takes beside its own.
  private static let reserved = 1 << 10

  /// Of `tiles` of 16 rows of the matrices by `rows` of the step; with `stagedBytes` where a block
  /// makes a single row itself.
  static func of(
    _ format: scu_format, tiles: Int, rows: Int, stagedBytes: Int = 0, on device: CUDADevice
  ) -> ProductCut {
    rows >= many
      ? ProductCut(many: format, tiles: tiles, rows: rows, on: device)
      : ProductCut(few: format, tiles: tiles, rows: rows, stagedBytes, on: device)
  }

  private init(
    few format: scu_format, tiles: Int, rows: Int, _ stagedBytes: Int, on device: CUDADevice
  ) {
    let format = Int32(format.rawValue)
    let isFloat = scu_block_of(format).bits == 0
    /// Tiles, eights of rows and slots.
    let candidates: [(tiles: Int, columns: Int, slots: Int)] =
      switch rows {
      case ...8: isFloat ? [(2, 1, 3), (2, 1, 2), (1, 1, 4)] : [(1, 1, 4)]
      case ...16: !isFloat ? [(2, 2, 3)] : tiles < 1024 ? [(1, 2, 4)] : [(4, 2, 3)]
      default: [(2, 4, 3)]
      }
    func bytes(_ cut: (tiles: Int, columns: Int, slots: Int)) -> Int {
      8 * Int(scu_ring_bytes(format, Int32(cut.tiles), Int32(cut.slots)))
        + 8 * cut.tiles * cut.columns * 16 * 8 * 4 + stagedBytes
    }
    func fits(_ cut: (tiles: Int, columns: Int, slots: Int), blocks: Int) -> Bool {
      blocks * (bytes(cut) + Self.reserved) <= device.sharedMemory + Self.reserved
    }
    let isPair = rows <= 8 || (isFloat && tiles < 1024 && rows <= 16)
    let paired = isPair ? candidates.first { fits($0, blocks: 2) } : nil
    let cut = paired ?? candidates.first { fits($0, blocks: 1) } ?? (1, candidates[0].columns, 2)
    let blocks = paired == nil ? 1 : 2
    kernel = stagedBytes > 0 ? "multiply_staged" : "multiply"
    files =
      stagedBytes > 0
      ? ["prepare.cuh"] + Self.parts + ["multiply.cuh", "staged.cu"]
      : Self.parts + ["multiply.cuh", "multiply.cu"]
    constants = [
      ("FORMAT", Int(format)), ("TILES", cut.tiles), ("COLUMN_TILES", cut.columns),
      ("SLOTS", cut.slots), ("BLOCKS", blocks),
    ]
    sharedBytes = bytes(cut)
    let y = (rows + 8 * cut.columns - 1) / (8 * cut.columns)
    // A block takes one tile after the other.
    let x = min((tiles + cut.tiles - 1) / cut.tiles, max(1, device.multiprocessors * blocks / y))
    grid = (x, y)
  }

  private init(many format: scu_format, tiles: Int, rows: Int, on device: CUDADevice) {
    let format = Int32(format.rawValue)
    let block = scu_block_of(format)
    func bytes(_ columns: Int, _ stages: Int) -> Int {
      let rows = 16 * columns
      return stages * (rows * 2 * 64 * 2 + Int(block.minimums) * rows * 8) + rows * 128 * 4
    }
    // What unpacks numbers has fewer registers left for sums.
    let wide = block.bits == 0 ? [(8, 4), (8, 3)] : []
    let (columns, stages) =
      (wide + [(4, 4)]).first { bytes($0.0, $0.1) <= device.sharedMemory } ?? (4, 3)
    kernel = "multiply_many"
    files = Self.parts + ["multiply_many.cu"]
    constants = [("FORMAT", Int(format)), ("COLUMN_TILES", columns), ("STAGES", stages)]
    sharedBytes = bytes(columns, stages)
    grid = ((rows + 16 * columns - 1) / (16 * columns), (tiles + 7) / 8)
  }

  /// Of neurons that rows chose, sixteen a tile: of up, or of gate and up.
  init(
    chosen format: scu_format, isGated: Bool, neurons: Int, rows: Int, stride: Int,
    on device: CUDADevice
  ) {
    let format = Int32(format.rawValue)
    let matrices = isGated ? 2 : 1
    let columns = rows > 8 ? 2 : 1
    // Of many rows inputs are more than weights, and serve two tiles.
    let tiles = max(matrices, columns)
    func bytes(_ slots: Int) -> Int {
      // A single row's two terms, and a sum of each 32 columns.
      8 * Int(scu_ring_bytes(format, Int32(tiles), Int32(slots))) + 8 * tiles * columns * 512
        + 4 * stride + stride / 8
    }
    let candidates =
      tiles == 2 ? [(3, 2), (2, 2), (3, 1), (2, 1)] : [(4, 2), (3, 2), (4, 1), (2, 1)]
    let (slots, blocks) =
      candidates.first { slots, blocks in
        blocks * (bytes(slots) + Self.reserved) <= device.sharedMemory + Self.reserved
      } ?? (2, 1)
    kernel = "neuron_values"
    files =
      ["sparse_arguments.h", "prepare.cuh"] + Self.parts
      + ["multiply.cuh", "chosen.cuh", "neurons.cu"]
    constants = [
      ("FORMAT", Int(format)), ("MATRICES", matrices), ("TILES", tiles),
      ("COLUMN_TILES", columns), ("SLOTS", slots), ("BLOCKS", blocks),
    ]
    sharedBytes = bytes(slots)
    grid = (min((neurons + 15) / 16, device.multiprocessors * blocks), 1)
  }

  func kernel(_ library: KernelLibrary) throws(SparrowError) -> CUDAKernel {
    try library.kernel(kernel, of: files, constants: constants, sharedBytes: sharedBytes)
  }

  var shape: CUDAKernel.Shape {
    var shape = CUDAKernel.Shape(grid: grid.x, grid.y, block: 256)
    shape.startsEarly = true
    return shape
  }
}
