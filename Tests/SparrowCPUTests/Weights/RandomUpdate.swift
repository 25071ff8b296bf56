import SparrowBlocks
import SparrowCore
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer

/// A random low-rank update of a small matrix, and what it adds.
struct RandomUpdate {
  let update: LowRankUpdate
  private let a: [Double]
  private let b: [Double]

  init(rows: Int, columns: Int, rank: Int, scale: Float = 0.25, _ random: inout SeededRandom) {
    let first = ElementType.f16.randomBytes(elements: rank * columns, &random)
    let second = ElementType.f16.randomBytes(elements: rows * rank, &random)
    update = LowRankUpdate(
      a: PredictorMatrix(rows: rank, columns: columns, type: .f16, bytes: first),
      b: PredictorMatrix(rows: rows, columns: rank, type: .f16, bytes: second), scale: scale)
    (a, b) = (Self.values(first), Self.values(second))
  }

  /// What it adds to a row, `[columns]`.
  func row(_ index: Int) -> [Double] {
    let columns = update.a.columns
    var sum = [Double](repeating: 0, count: columns)
    for part in 0..<update.rank {
      let factor = Double(update.scale) * b[index * update.rank + part]
      for column in 0..<columns { sum[column] += factor * a[part * columns + column] }
    }
    return sum
  }

  private static func values(_ bytes: [UInt8]) -> [Double] {
    stride(from: 0, to: bytes.count, by: 2).map {
      Double(Float16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8))
    }
  }
}
