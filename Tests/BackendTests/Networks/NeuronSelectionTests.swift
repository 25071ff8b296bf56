import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowReference
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// From a network's input to scores, and from scores to neurons: what the reference computes and
/// selects by itself.
@Suite(.serialized) struct NeuronSelectionTests {
  /// The scores that the reference computes for a token that begins a sequence.
  private static func scores(_ run: ComparedRun, _ token: Int32) -> [Float] {
    run.reference.step(token, of: Reference.Sequence()).scores[0] ?? []
  }

  /// Predictors whose scores are float32.
  @Test(
    arguments: TestBackend.all,
    [RandomPredictor.int4, .lowRankSketch, .lowRank, .router, .gate, .exact])
  func groupsFollowTheOrderAndTheCommonPathIsAlwaysTouched(
    backend: TestBackend, kind: RandomPredictor
  ) throws {
    let (hidden, width) = (96, 160)
    let binding = try WeightBinding(NetworkModel(type: .f32))
    for group in [1, 8, 32] {
      let groups = width / group
      let predictor = kind.make(hidden: hidden, width: width, group: group, isGated: true)
      let plan = FeedForwardPlan(
        predictor: predictor.uncentred, selector: .topK(groups / 3), groupSize: group,
        order: (0..<width).map { Int32(($0 * 37 + 11) % width) },
        common: [1, Int32(groups - 1)])
      let run = try ComparedRun(
        backend, binding, threads: group == 8 ? 2 : 1, sequences: 3,
        SparsePlan(networks: [0: plan]))
      for tokens: [Int32] in [[3], [3, 5, 7]] {
        #expect(run.start(tokens).allSatisfy { $0 < 1e-5 })
        for (row, token) in tokens.enumerated() {
          #expect(run.neurons(row: row) == run.ownSelections(token).neurons[0])
          #expect(run.neurons(row: row).count == group * (groups / 3 + 2))
        }
      }
    }
  }

  @Test(arguments: TestBackend.all, [RandomPredictor.lowRank, .router])
  func linearScoresAreTheMapsOfTheInput(backend: TestBackend, kind: RandomPredictor) throws {
    let binding = try WeightBinding(NetworkModel(type: .f16))
    for coding in [ElementType.f16, .q8_0, .q4_0] {
      let predictor = kind.make(hidden: 96, width: 160, group: 8, isGated: true, coding: coding)
      let plan = FeedForwardPlan(predictor: predictor, selector: .threshold(0.5), groupSize: 8)
      let run = try ComparedRun(
        backend, binding, threads: kind == .router ? 2 : 1, sequences: 2,
        SparsePlan(networks: [0: plan]))
      for tokens: [Int32] in [[9], [9, 1]] {
        #expect(run.start(tokens).allSatisfy { $0 < 1e-5 })
        let scores = run.backend.neuronScores(layer: 0).prefix(20)
        // The second map of blocks may read its input in 8 bits.
        let isRounded = kind == .lowRank && coding != .f16
        #expect(relativeError(scores, Self.scores(run, tokens[0])) < (isRounded ? 0.02 : 1e-5))
        if isRounded { continue }
        for (row, token) in tokens.enumerated() {
          #expect(run.neurons(row: row) == run.ownSelections(token).neurons[0])
        }
      }
    }
  }

  @Test(arguments: TestBackend.all, [true, false])
  func sketchScoresAreSizesOfApproximateActivations(backend: TestBackend, isGated: Bool) throws {
    for activation in ["relu", "silu"] {
      let binding = try WeightBinding(
        NetworkModel(type: .f32, isGated: isGated, activation: activation))
      for kind in [RandomPredictor.int4, .int5, .lowRankSketch, .product, .lowRankInt4] {
        let predictor = kind.make(hidden: 96, width: 160, group: 1, isGated: isGated)
        let plan = FeedForwardPlan(predictor: predictor.uncentred, selector: .topK(40))
        let run = try ComparedRun(
          backend, binding, threads: isGated ? 2 : 1, sequences: 3,
          SparsePlan(networks: [0: plan]))
        for tokens: [Int32] in [[4], [6, 4, 2]] {
          #expect(run.start(tokens).allSatisfy { $0 < 1e-5 })
          // Codes are looked up, and directions read, in 8 bits.
          let error = relativeError(
            run.backend.neuronScores(layer: 0), Self.scores(run, tokens[0]))
          #expect(error < (kind.isExact ? 1e-5 : 0.05), "\(kind)")
        }
      }
    }
  }
}
