import SparrowBlocks
import SparrowCore
import SparrowSparsity
import SparrowTestSupport
@testable import SparrowTransformer

/// Plans with every predictor, selector, coding and part, for gated networks of 64 neurons and 32
/// inputs.
enum AdapterLayers {
  static let network = FeedForwardDescription(width: 64, activation: .silu, gated: true)
  static let hidden = 32

  static let plans: [Int: FeedForwardPlan] = {
    var random = SeededRandom(seed: 11)
    let order = (0..<64).map { Int32(($0 * 21 + 5) % 64) }
    let ahead = linear(.q8_0, rank: 32, groups: 8, &random)
    return [
      0: FeedForwardPlan(
        predictor: .sketch(sketch(.product, &random)), selector: .topK(3), groupSize: 8,
        kept: .topK(9), order: order, common: [0, 5], density: 0.375),
      1: FeedForwardPlan(
        predictor: .sketch(sketch(.lowRankInt4, &random)),
        selector: .bucketedTopK(6, buckets: 4, perBucket: 2), lookahead: true),
      2: FeedForwardPlan(
        predictor: .lowRank(ahead), selector: .statisticalTopK(4), groupSize: 8, lookahead: true,
        density: 0),
      4: FeedForwardPlan(
        predictor: .router(linear(.q4_0, rank: nil, groups: 2, &random)),
        selector: .threshold(0.5), groupSize: 32, kept: .threshold(0.125)),
      5: FeedForwardPlan(
        predictor: .lowRank(linear(.f16, rank: 5, groups: 64, &random)), selector: .topK(0)),
      6: FeedForwardPlan(predictor: .gate, selector: .topK(2), groupSize: 16, common: [3]),
      7: FeedForwardPlan(
        predictor: .sketch(sketch(.int4, &random)), selector: .threshold(0.5), rest: .estimate),
      8: FeedForwardPlan(
        predictor: .sketch(sketch(.int5, &random)), selector: .threshold(0.5),
        rest: .sketch(
          down: SketchRows(
            coding: .int5, directions: 64,
            bytes: ElementType.q5_0.randomBytes(elements: hidden * 64, &random)))),
      20: FeedForwardPlan(
        predictor: .exact, selector: .threshold(-1.5),
        kept: .bucketedTopK(5, buckets: 5, perBucket: 1), density: 1),
    ]
  }()

  static func linear(
    _ type: ElementType, rank: Int?, groups: Int, _ random: inout SeededRandom
  ) -> LinearPredictor {
    func matrix(_ rows: Int, _ columns: Int) -> PredictorMatrix {
      PredictorMatrix(
        rows: rows, columns: columns, type: type,
        bytes: type.randomBytes(elements: rows * columns, &random))
    }
    return LinearPredictor(
      a: rank.map { matrix($0, hidden) }, b: matrix(groups, rank ?? hidden),
      bias: (0..<groups).map { _ in random.uniform() })
  }

  static func sketch(_ coding: SketchCoding, _ random: inout SeededRandom) -> RowSketch {
    var sketch = RowSketch(
      rowCount: 128, hidden: hidden, mean: (0..<32).map { _ in random.uniform() },
      meanRow: (0..<32).map { _ in random.uniform() },
      basis: ElementType.q8_0.randomBytes(elements: 32 * hidden, &random), bounds: [0, 32],
      centroids: [], codes: [], bias: [UInt16](repeating: 0x3C00, count: 128), deviation: 0.5)
    if let type = coding.type {
      sketch.rows = SketchRows(
        coding: coding, directions: 32, bytes: type.randomBytes(elements: 128 * 32, &random))
    } else {
      sketch.bounds = [0, 2, 6]
      sketch.centroids = (0..<16 * 6).map { _ in random.uniform() }
      sketch.codes = (0..<128).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
    return sketch
  }
}
