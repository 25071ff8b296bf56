import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Predicting from the input of the layer before (Deja Vu's latency code).
@Suite(.serialized) struct LookaheadTests {
  static let batches: [[Int32]] = [[5], [5, 1, 8]]

  private static func plan(
    _ predictor: FeedForwardPlan.Predictor, lookahead: Bool
  ) -> FeedForwardPlan {
    FeedForwardPlan(predictor: predictor, selector: .topK(7), groupSize: 8, lookahead: lookahead)
  }

  private static func predictor(
    _ kind: RandomPredictor, seed: UInt64 = 7
  ) -> FeedForwardPlan.Predictor {
    kind.make(hidden: 96, width: 160, group: 8, isGated: true, seed: seed)
  }

  @Test(arguments: TestBackend.all, batches)
  func scoresComeFromTheLayerBefore(backend: TestBackend, tokens: [Int32]) throws {
    let binding = try WeightBinding(NetworkModel(type: .f32, layers: 3))
    for kind in [RandomPredictor.router, .lowRank, .product] {
      let predictor = Self.predictor(kind)
      // Layer 0 predicts from the same input as layer 1 does.
      let plans = [
        0: Self.plan(predictor, lookahead: true), 1: Self.plan(predictor, lookahead: true),
        2: Self.plan(predictor, lookahead: false),
      ]
      let run = try ComparedRun(
        backend, binding, sequences: tokens.count, SparsePlan(networks: plans))
      #expect(run.start(tokens).allSatisfy { $0 < 1e-5 })
      for row in tokens.indices {
        #expect(run.neurons(0, row: row) == run.neurons(1, row: row))
        #expect(run.neurons(0, row: row) != run.neurons(2, row: row))
      }
    }
  }

  /// Predictors that do not look at their input.
  @Test(arguments: TestBackend.all, batches)
  func equalsTheSameLayersPlanForEqualScores(backend: TestBackend, tokens: [Int32]) throws {
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
    let binding = try WeightBinding(NetworkModel(type: .q4_0, layers: 3))
    let found = try [true, false].map { lookahead in
      let own = try backend.open(binding, threads: 1) { _ in
        SparsePlan(networks: plans(lookahead: lookahead))
      }
      let sequences = try tokens.map { _ in try own.sequence(capacity: 2, type: .f32) }
      own.step(.decode(tokens, of: sequences))
      return tokens.indices.map { Array(own.hidden(row: $0)) }
    }
    #expect(found[0] == found[1])
  }
}
