import CSparrowCUDA
import SparrowBlocks
import SparrowCore
import SparrowSparsity

/// Products with a matrix of a format beside sums in double precision, and that their bits do not
/// depend on how many rows are multiplied.
struct ProductCheck {
  /// One type of file for each format.
  static let types: [ElementType] = [
    .f32, .f16, .bf16, .q3_K, .q4_0, .q4_1, .q5_0, .q5_1, .q6_K, .q8_0,
  ]
  /// A tile and a row; long runs of lines, the last one short.
  private static let rows = 17
  private static let columns = 4352
  /// One for each kernel of products; what is multiplied begins the same.
  private static let counts = [1, 9, ProductCut.many + 2]
  /// The greatest error as a part of the sum of sizes.
  private static let tolerance = 4e-5

  private let matrix: DeviceMatrix
  private let library: KernelLibrary
  private let x: [Float]
  private let prepared: scu_prepared
  private let memory: [DeviceBuffer]

  init(_ type: ElementType, _ library: KernelLibrary) throws(SparrowError) {
    self.library = library
    let context = library.context
    var random = SeededRandom(seed: 11)
    matrix = try DeviceMatrix(
      PredictorMatrix(
        rows: Self.rows, columns: Self.columns, type: type,
        bytes: try type.randomBytes(Self.rows * Self.columns, &random)), in: context)
    let most = Self.counts.last!
    x = (0..<most * Self.columns).map { _ in 2 * random.uniform() - 1 }
    // Inputs, results, and inputs as products read them.
    let sizes = [
      4 * x.count, 4 * most * Self.rows, 2 * x.count, 2 * x.count, 4 * most, x.count / 8,
    ]
    var memory: [DeviceBuffer] = []
    for size in sizes { memory.append(try DeviceBuffer(size, in: context)) }
    self.memory = memory
    prepared = scu_prepared(
      high: memory[2].address, low: memory[3].address, scales: memory[4].address,
      sums: memory[5].address, stride: Int32(Self.columns),
      is_half: matrix.format == SCU_BF16 ? 0 : 1)
    try memory[0].write(x, at: 0)
  }

  func run() throws(SparrowError) -> DeviceCheck.Finding {
    var results: [[Float]] = []
    for count in Self.counts { results.append(try multiply(count)) }
    let whole = results.last!
    let same = results.allSatisfy { $0 == Array(whole.prefix($0.count)) }
    var error = 0.0
    for row in [0, 1, Self.counts.last! - 1] {
      for index in 0..<Self.rows {
        let weights = try weights(index)
        let (sum, sizes) = zip(weights, x[(row * Self.columns)...]).reduce((0.0, 0.0)) {
          let product = Double($1.0) * Double($1.1)
          return ($0.0 + product, $0.1 + abs(product))
        }
        let found = Double(whole[row * Self.rows + index])
        error = max(error, found.isFinite ? abs(found - sum) / sizes : .infinity)
      }
    }
    return DeviceCheck.Finding(
      isRight: error < Self.tolerance && same,
      text: "differ by \(Float(error)) of the sums' sizes (at most \(Self.tolerance)); "
        + (same ? "the same bits in any number of rows" : "OTHER BITS in other numbers of rows"))
  }

  private func weights(_ row: Int) throws(SparrowError) -> [Float] {
    var weights = [Float](repeating: 0, count: Self.columns)
    try matrix.read(row, into: &weights)
    return weights
  }

  /// Products with the first rows of the input.
  private func multiply(_ count: Int) throws(SparrowError) -> [Float] {
    var argument = scu_multiply()
    argument.products.0 = scu_product(
      matrix: matrix.argument, bias: 0, output: memory[1].address, width: Int32(Self.rows),
      first_tile: 0)
    argument.count = 1
    argument.tiles = Int32((Self.rows + 15) / 16)
    argument.rows = Int32(count)
    argument.x = prepared
    argument.input = memory[0].address
    argument.input_width = Int32(Self.columns)
    if matrix.format == SCU_F32 {
      try library.kernel("multiply_floats", of: ["products.cuh", "multiply_floats.cu"])
        .launch(.init(grid: Int(argument.tiles), count, block: 256), argument)
    } else {
      try library.kernel("prepare_input", of: ["prepare.cuh", "rows.cu"]).launch(
        .init(grid: count, block: 256),
        scu_prepare(
          input: argument.input, input_width: argument.input_width,
          width: argument.input_width, to: prepared))
      let cut = ProductCut.of(
        matrix.format, tiles: Int(argument.tiles), rows: count, on: library.context.device)
      try cut.kernel(library).launch(cut.shape, argument)
    }
    return try memory[1].read(count * Self.rows, of: Float.nan)
  }
}
