import SparrowCore
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCPU

/// Predicting from the input of the layer before (Deja Vu's latency code).
@Suite(.serialized) struct LookaheadTests {
  static let batches: [[Int32]] = [[5], [5, 1, 8]]

  static func plan(_ predictor: FeedForwardPlan.Predictor, lookahead: Bool) -> FeedForwardPlan {
    FeedForwardPlan(predictor: predictor, selector: .topK(7), groupSize: 8, lookahead: lookahead)
  }

  static func predictor(_ kind: RandomPredictor, seed: UInt64 = 7) -> FeedForwardPlan.Predictor {
    kind.make(hidden: 96, width: 160, group: 8, isGated: true, seed: seed)
  }

  @Test(arguments: batches, [RandomPredictor.router, .lowRank, .product])
  func scoresComeFromTheLayerBefore(_ tokens: [Int32], _ kind: RandomPredictor) throws {
    let predictor = Self.predictor(kind)
    let file = NetworkModel(type: .f32, layers: 3)
    // Layer 0 predicts from the same input as layer 1 does.
    let network = try SparseNetwork(
      file,
      [
        0: Self.plan(predictor, lookahead: true), 1: Self.plan(predictor, lookahead: true),
        2: Self.plan(predictor, lookahead: false),
      ])
    let found = network.step(tokens)
    for (row, token) in tokens.enumerated() {
      #expect(network.scores(0, row: row, count: 20) == network.scores(1, row: row, count: 20))
      #expect(network.scores(0, row: row, count: 20) != network.scores(2, row: row, count: 20))
      let selected = (0..<3).map { network.selected($0, row: row) }
      #expect(relativeError(found[row], network.reference(token, selected)) < 1e-5)
    }
  }

  /// Predictors that do not look at their input.
  @Test(arguments: batches)
  func equalsTheSameLayersPlanForEqualScores(_ tokens: [Int32]) throws {
    func plans(lookahead: Bool) -> [Int: FeedForwardPlan] {
      Dictionary(
        uniqueKeysWithValues: (1..<3).map { layer in
          guard case .router(var maps) = Self.predictor(.router, seed: UInt64(layer)) else {
            preconditionFailure("a router")
          }
          maps.b.bytes = [UInt8](repeating: 0, count: maps.b.bytes.count)
          return (layer, Self.plan(.router(maps), lookahead: lookahead))
        })
    }
    let file = NetworkModel(type: .q4_0, layers: 3)
    let ahead = try SparseNetwork(file, threads: 1, plans(lookahead: true))
    let same = try SparseNetwork(file, threads: 1, plans(lookahead: false))
    #expect(ahead.step(tokens) == same.step(tokens))
    #expect(ahead.selected(1, row: 0) != ahead.selected(2, row: 0))
  }

  @Test(arguments: [RandomPredictor.gate, .exact])
  func exactPredictorsCannotLookAhead(_ kind: RandomPredictor) throws {
    let error = #expect(throws: SparrowError.self) {
      try SparseNetwork(
        NetworkModel(type: .f32, layers: 2), threads: 1,
        [1: Self.plan(Self.predictor(kind), lookahead: true)])
    }
    #expect(error?.field == "layers.1.feed_forward.lookahead")
  }
}
