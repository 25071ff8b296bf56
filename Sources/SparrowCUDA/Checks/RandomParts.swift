import SparrowBlocks
import SparrowCore
import SparrowSparsity
import SparrowTransformer

extension ElementType {
  /// Random weights up to `size`; of types that have no encoder here small ones.
  func randomBytes(
    _ count: Int, size: Float = 1, _ random: inout SeededRandom
  ) throws(SparrowError) -> [UInt8] {
    guard blockElements == 256 else {
      let values = (0..<count).map { _ in size * (2 * random.uniform() - 1) }
      return try encode(values, tensor: rawValue)
    }
    var bytes = (0..<count / 256 * blockBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    // The last two bytes are the block's scale, here 2^-8.
    for end in stride(from: blockBytes, through: bytes.count, by: blockBytes) {
      (bytes[end - 2], bytes[end - 1]) = (0, 0x1c)
    }
    return bytes
  }
}

/// Tensors of predictors that know nothing, the same in every run.
struct RandomParts {
  private var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// Uniform in -size...size.
  mutating func floats(_ count: Int, _ size: Float) -> [Float] {
    (0..<count).map { _ in (2 * random.uniform() - 1) * size }
  }

  private mutating func bytes(
    _ type: ElementType, _ count: Int, _ size: Float = 0.2
  ) throws(SparrowError) -> [UInt8] {
    try type.encode(floats(count, size), tensor: "a random matrix")
  }

  /// Two maps of this rank, or one without.
  mutating func maps(
    groups: Int, hidden: Int, rank: Int? = nil, type: ElementType = .f16
  ) throws(SparrowError) -> LinearPredictor {
    func matrix(
      _ rows: Int, _ columns: Int, _ parts: inout RandomParts
    ) throws(SparrowError) -> PredictorMatrix {
      PredictorMatrix(
        rows: rows, columns: columns, type: type, bytes: try parts.bytes(type, rows * columns))
    }
    var a: PredictorMatrix?
    if let rank { a = try matrix(rank, hidden, &self) }
    let b = try matrix(groups, rank ?? hidden, &self)
    return LinearPredictor(a: a, b: b, bias: floats(groups, 0.25))
  }

  /// A sketch of a matrix of `rows` rows, of 32 directions unless they are the columns.
  mutating func sketch(
    rows count: Int, hidden: Int, _ coding: SketchCoding
  ) throws(SparrowError) -> RowSketch {
    let directions = coding.keepsColumns ? hidden : 32
    let padded = FeedForwardPlan.paddedNeurons(count)
    let behind = [UInt16](repeating: Float16(-Float.infinity).bitPattern, count: padded - count)
    var basis: [UInt8] = []
    if !coding.keepsColumns { basis = try bytes(.q8_0, directions * hidden) }
    var sketch = RowSketch(
      rowCount: count, hidden: hidden, mean: floats(hidden, 0.25), meanRow: floats(hidden, 0.01),
      basis: basis, bounds: [0, directions], centroids: [], codes: [],
      bias: floats(count, 0.5).map { Float16($0).bitPattern } + behind, deviation: 1)
    guard let type = coding.type else {
      sketch.bounds = Array(stride(from: 0, to: directions, by: 3)) + [directions]
      sketch.centroids = floats(16 * directions, 0.3)
      sketch.codes = (0..<sketch.blocks * sketch.pairs * RowSketch.blockRows).map { _ in
        UInt8(truncatingIfNeeded: random.next())
      }
      return sketch
    }
    sketch.rows = try sketchRows(count, directions, coding, type)
    return sketch
  }

  mutating func sketchRows(
    _ count: Int, _ directions: Int, _ coding: SketchCoding, _ type: ElementType
  ) throws(SparrowError) -> SketchRows {
    SketchRows(
      coding: coding, directions: directions, bytes: try bytes(type, count * directions, 0.1))
  }

  mutating func permutation(_ count: Int) -> [Int32] {
    (0..<Int32(count)).shuffled(using: &random)
  }
}
