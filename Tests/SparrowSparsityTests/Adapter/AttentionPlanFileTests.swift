import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import Testing

/// Plans of attention in an adapter's folder.
@Suite struct AttentionPlanFileTests {
  /// Maps of `rank` to 4 groups of 32 inputs; one map without a rank.
  static func maps(rank: Int?, _ random: inout SeededRandom) -> LinearPredictor {
    func matrix(_ rows: Int, _ columns: Int) -> PredictorMatrix {
      let bytes = (0..<rows * columns * 2).map { _ in UInt8(random.next() & 0x3B) }
      return PredictorMatrix(rows: rows, columns: columns, type: .f16, bytes: bytes)
    }
    return LinearPredictor(
      a: rank.map { matrix($0, 32) }, b: matrix(4, rank ?? 32), bias: [0, 1, -0.5, 2])
  }

  /// Attention beside a feed-forward network, alone, and by the oracle.
  static func adapter() -> Adapter {
    var random = SeededRandom(seed: 9)
    return Adapter(
      baseHash: String(repeating: "0123456789abcdef", count: 4), baseName: "base",
      plan: SparsePlan(
        networks: [1: FeedForwardPlan(predictor: .exact, selector: .topK(5))],
        attention: [
          0: AttentionPlan(predictor: .exact, selector: .topK(2)),
          1: AttentionPlan(
            predictor: .lowRank(maps(rank: 8, &random)), selector: .topK(3), lookahead: true),
          2: AttentionPlan(
            predictor: .router(maps(rank: nil, &random)), selector: .threshold(0.5),
            density: 0.25),
        ]))
  }

  @Test func readsWhatItWrote() throws {
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    #expect(try Adapter.read(folder.file("a")) == Self.adapter())
  }

  @Test(arguments: [
    AdapterChange(
      "\"low_rank\"", "\"sketch\"", .unsupported, "layers.1.attention.predictor"),
    AdapterChange("\"router\"", "\"low_rank\"", .malformed, "layers.2.attention.a"),
  ])
  func namesTheField(change: AdapterChange) throws { try change.expectRefusal(of: Self.adapter()) }
}
