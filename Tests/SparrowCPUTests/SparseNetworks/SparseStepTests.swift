import SparrowCPU
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Whole models with sparse feed-forward networks.
@Suite(.serialized) struct SparseStepTests {
  /// Plans of one kind for all layers.
  static func plans(
    _ kind: RandomPredictor, group: Int = 1, _ selector: @escaping (_ groups: Int) -> Selector
  ) -> (ModelConfiguration) -> [Int: FeedForwardPlan] {
    { model in
      Dictionary(
        uniqueKeysWithValues: model.layers.enumerated().map { layer, description in
          let network = description.feedForward
          return (
            layer,
            FeedForwardPlan(
              predictor: kind.make(
                hidden: model.hidden, width: network.width, group: group, isGated: network.gated,
                seed: UInt64(layer + 1)),
              selector: selector(network.width / group), groupSize: group)
          )
        })
    }
  }

  /// Predictors that every family can have, one after another.
  static let kinds: [RandomPredictor] = [
    .exact, .product, .router, .int4, .exact, .lowRank, .lowRankSketch,
  ]

  @Test("density 1 is the dense model, in every family", arguments: 0..<Fixtures.models.count)
  func everything(index: Int) throws {
    let name = Fixtures.models[index]
    let tokens = try Fixtures.expected(name).tokens.prefix(8)
    let engine = try engine(
      Fixtures.path("models/" + name), threads: 1 + index % 2,
      layers: Self.plans(Self.kinds[index % Self.kinds.count], group: 1 + 7 * (index % 2)) { _ in
        .threshold(-.infinity)
      })
    let dense = try logits(engine, Array(tokens), chunk: 1, isDense: true)
    let sparse = try logits(engine, Array(tokens), chunk: 1)
    #expect(sparse != dense, "the sparse program did not run")
    #expect(relativeError(sparse, dense.map(Double.init)) <= 2e-5)
  }

  @Test(
    "density 1 is the dense model where the rest is estimated or sketched, in every family",
    arguments: 0..<Fixtures.models.count)
  func everythingWithEstimates(index: Int) throws {
    let name = Fixtures.models[index]
    let tokens = try Fixtures.expected(name).tokens.prefix(8)
    for isSketched in [false, true] {
      let engine = try engine(
        Fixtures.path("models/" + name), threads: 1 + index % 2
      ) { model in
        var random = SeededRandom(seed: 5)
        return Self.plans(.int5) { _ in .threshold(-.infinity) }(model).mapValues { plan in
          var plan = plan
          let width = model.layers[0].feedForward.width
          let down = SketchRows(
            coding: .int5, directions: width,
            bytes: ElementType.q5_0.randomBytes(elements: model.hidden * width, &random))
          plan.rest = isSketched ? .sketch(down: down) : .estimate
          return plan
        }
      }
      let dense = try logits(engine, Array(tokens), chunk: 1, isDense: true)
      let sparse = try logits(engine, Array(tokens), chunk: 1)
      // Where down is read whole all neurons give the dense model's own bits.
      #expect(!isSketched || sparse != dense, "the sparse program did not run")
      #expect(relativeError(sparse, dense.map(Double.init)) <= 2e-5)
    }
  }

  @Test("density 1 is the dense network, for every predictor", arguments: [true, false])
  func everyPredictor(isGated: Bool) throws {
    let file = NetworkModel(type: .f32, isGated: isGated, hasBiases: true)
    for kind in isGated ? RandomPredictor.allCases : RandomPredictor.ungated {
      let predictor = kind.make(hidden: 96, width: 160, group: 8, isGated: isGated)
      let network = try SparseNetwork(
        file, threads: 1,
        [0: FeedForwardPlan(predictor: predictor, selector: .threshold(-.infinity), groupSize: 8)])
      let sparse = network.step([1, 2, 3])
      network.isDense = true
      let dense = network.step([1, 2, 3])
      for (sparse, dense) in zip(sparse, dense) {
        #expect(relativeError(sparse, dense.map(Double.init)) < 1e-5, "\(kind)")
      }
    }
  }

  @Test("a row of a batch gets what it gets alone", arguments: ["llama3", "gemma3", "gpt2", "opt"])
  func batches(name: String) throws {
    let tokens = try Fixtures.expected(name).tokens
    let kind: RandomPredictor = name == "gemma3" ? .router : .product
    let engine = try engine(
      Fixtures.path("models/" + name), threads: 2,
      layers: Self.plans(kind, group: 8) { .topK($0 / 2) })
    let prefixes = (0..<6).map { Array(tokens[$0..<2 * $0 + 2]) }
    let next = (0..<6).map { Int32(7 + $0) }
    func caches() throws -> [SequenceState] {
      try prefixes.map { prefix in
        let cache = try engine.sequence(capacity: 32)
        engine.step(.prompt(prefix, of: cache))
        return cache
      }
    }
    let together = try caches()
    engine.step(.decode(next, of: together))
    let rows = (0..<6).map { Array(engine.logits(rows: $0..<$0 + 1)) }
    for (row, cache) in try caches().enumerated() {
      engine.step(.decode([next[row]], of: [cache]))
      let alone = engine.logits(rows: 0..<1).map(Double.init)
      #expect(relativeError(rows[row], alone) < 2e-5)
    }
  }

  @Test("prompts and wide batches run dense")
  func wideBatches() throws {
    let plan = FeedForwardPlan(predictor: .exact, selector: .topK(1))
    let network = try SparseNetwork(NetworkModel(type: .q8_0), threads: 1, [0: plan])
    for width: Int32 in [16, 17] {
      let sparse = network.step(Array(0..<width))
      network.isDense = true
      #expect((network.step(Array(0..<width)) == sparse) == (width > 16))
      network.isDense = false
    }
  }
}
