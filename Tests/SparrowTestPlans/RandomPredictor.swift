package import SparrowBlocks
package import SparrowCore
package import SparrowSparsity
import SparrowTestSupport

/// Predictors that know nothing: random ones of every kind, of the size that a network needs.
package enum RandomPredictor: CaseIterable {
  case product, int4, int5, lowRankSketch, lowRankInt4, lowRank, router, gate, exact

  /// Kinds that a network without gate can have.
  package static let ungated = allCases.filter { $0 != .gate }

  /// `coding` is that of linear maps.
  package func make(
    hidden: Int, width: Int, group: Int, isGated: Bool, coding: ElementType = .f16,
    seed: UInt64 = 7
  ) -> FeedForwardPlan.Predictor {
    var random = SeededRandom(seed: seed)
    let groups = width / group
    func sketch(_ coding: SketchCoding, directions: Int) -> FeedForwardPlan.Predictor {
      let rows = isGated ? 2 * FeedForwardPlan.paddedNeurons(width) : width
      return .sketch(
        .random(rows: rows, hidden: hidden, coding: coding, directions: directions, &random))
    }
    func matrix(_ rows: Int, _ columns: Int) -> PredictorMatrix {
      PredictorMatrix(
        rows: rows, columns: columns, type: coding,
        bytes: coding.randomBytes(elements: rows * columns, &random))
    }
    func linear(rank: Int?) -> LinearPredictor {
      LinearPredictor(
        a: rank.map { matrix($0, hidden) }, b: matrix(groups, rank ?? hidden),
        bias: random.floats(groups, size: 0.25))
    }
    switch self {
    case .product: return sketch(.product, directions: 30)
    case .int4: return sketch(.int4, directions: hidden)
    case .int5: return sketch(.int5, directions: hidden)
    case .lowRankSketch: return sketch(.lowRank, directions: 32)
    case .lowRankInt4: return sketch(.lowRankInt4, directions: 64)
    case .lowRank: return .lowRank(linear(rank: 32))
    case .router: return .router(linear(rank: nil))
    case .gate: return .gate
    case .exact: return .exact
    }
  }
}

extension SeededRandom {
  /// Uniform in -size...size.
  package mutating func floats(_ count: Int, size: Float = 1) -> [Float] {
    (0..<count).map { _ in (2 * uniform() - 1) * size }
  }
}

extension RowSketch {
  package static func random(
    rows: Int, hidden: Int, coding: SketchCoding, directions: Int, _ random: inout SeededRandom
  ) -> RowSketch {
    let padded = FeedForwardPlan.paddedNeurons(rows)
    var bias = random.floats(padded, size: 0.5).map { Float16($0).bitPattern }
    for row in rows..<padded { bias[row] = 0xFC00 }
    var sketch = RowSketch(
      rowCount: rows, hidden: hidden, mean: random.floats(hidden, size: 0.25),
      meanRow: random.floats(hidden, size: 0.01),
      basis: coding.keepsColumns
        ? [] : ElementType.q8_0.randomBytes(elements: directions * hidden, &random),
      bounds: [0, directions], centroids: [], codes: [], bias: bias, deviation: 1)
    if let type = coding.type {
      sketch.rows = SketchRows(
        coding: coding, directions: directions,
        bytes: type.randomBytes(elements: rows * directions, &random))
    } else {
      sketch.bounds = Array(stride(from: 0, through: directions, by: 3))
      sketch.centroids = random.floats(16 * directions, size: 0.3)
      sketch.codes = (0..<sketch.blocks * sketch.pairs * blockRows).map { _ in
        UInt8(truncatingIfNeeded: random.next())
      }
    }
    return sketch
  }
}
