import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Whole models with sparse feed-forward networks.
@Suite(.serialized) struct SparseFamilyTests {
  /// Predictors that every family can have, one after another.
  static let kinds: [RandomPredictor] = [
    .exact, .product, .router, .int4, .exact, .lowRank, .lowRankSketch,
  ]

  /// The kind's plan, every other in groups of 8.
  private static func plans(
    _ index: Int, _ selector: @escaping (Int) -> Selector
  ) -> (ModelConfiguration) -> [Int: FeedForwardPlan] {
    NetworkPlans.all(kinds[index % kinds.count], group: 1 + 7 * (index % 2), selector)
  }

  @Test(
    "unselected neurons count as zeros, in every family", arguments: TestBackend.all,
    0..<Fixtures.models.count)
  func maskedDense(backend: TestBackend, index: Int) throws {
    let name = Fixtures.models[index]
    let tokens = try Fixtures.expected(name).tokens
    let binding = try WeightBinding(opening: Fixtures.path("models/" + name))
    var plans = Self.plans(index) { .topK($0 / 2) }(binding.configuration)
    for layer in plans.keys {
      if index % 3 == 1 { plans[layer]!.kept = .topK(5) }
      // Scores of a layer's own neurons cannot come from the layer before.
      if index % 3 == 2 { plans[layer]!.lookahead = !plans[layer]!.scoresOwnResult }
    }
    let batch = 1 + index % 8
    let run = try ComparedRun(
      backend, binding, threads: 1 + index % 3, sequences: batch, SparsePlan(networks: plans))
    for row in 0..<batch {
      #expect(run.prompt(Array(tokens[row..<row + 1 + row % 3]), of: row) < 1e-5)
    }
    for turn in 0..<2 {
      for error in run.decode((0..<batch).map { tokens[8 * turn + $0] }) { #expect(error < 1e-5) }
    }
  }

  @Test(
    "density 1 is the dense model, in every family", arguments: TestBackend.all,
    0..<Fixtures.models.count)
  func everything(backend: TestBackend, index: Int) throws {
    let name = Fixtures.models[index]
    let tokens = Array(try Fixtures.expected(name).tokens.prefix(8))
    let own = try backend.open(Fixtures.path("models/" + name), threads: 1 + index % 2) {
      SparsePlan(networks: Self.plans(index) { _ in .threshold(-.infinity) }($0))
    }
    let dense = try logits(own, tokens, chunk: 1, isDense: true)
    let sparse = try logits(own, tokens, chunk: 1)
    #expect(sparse != dense, "the sparse program did not run")
    #expect(relativeError(sparse, dense) <= 2e-5)
  }

  @Test(
    "density 1 is the dense model where the rest is estimated or sketched, in every family",
    arguments: TestBackend.all, 0..<Fixtures.models.count)
  func everythingWithEstimates(backend: TestBackend, index: Int) throws {
    let name = Fixtures.models[index]
    let tokens = Array(try Fixtures.expected(name).tokens.prefix(8))
    for isSketched in [false, true] {
      let own = try backend.open(Fixtures.path("models/" + name), threads: 1 + index % 2) { model in
        let all = NetworkPlans.all(.int5) { _ in .threshold(-.infinity) }(model)
        let down = NetworkPlans.down(model)
        return SparsePlan(
          networks: all.mapValues { plan in
            var plan = plan
            plan.rest = isSketched ? .sketch(down: down) : .estimate
            return plan
          })
      }
      let dense = try logits(own, tokens, chunk: 1, isDense: true)
      let sparse = try logits(own, tokens, chunk: 1)
      // Where down is read whole all neurons may give the dense model's own bits.
      #expect(!isSketched || sparse != dense, "the sparse program did not run")
      #expect(relativeError(sparse, dense) <= 2e-5)
    }
  }

  @Test(
    "a row of a batch gets what it gets alone", arguments: TestBackend.all,
    ["llama3", "gemma3", "gpt2", "opt"])
  func batches(backend: TestBackend, name: String) throws {
    let tokens = try Fixtures.expected(name).tokens
    let kind: RandomPredictor = name == "gemma3" ? .router : .product
    let own = try backend.open(Fixtures.path("models/" + name)) {
      SparsePlan(networks: NetworkPlans.all(kind, group: 8) { .topK($0 / 2) }($0))
    }
    let next = (0..<6).map { Int32(7 + $0) }
    func sequences() throws -> [SequenceState] {
      try (0..<6).map { row in
        let sequence = try own.sequence(capacity: 32, type: .f16)
        own.step(.prompt(tokens[row..<2 * row + 2], of: sequence))
        return sequence
      }
    }
    own.step(.decode(next, of: try sequences()))
    let rows = (0..<6).map { Array(own.logits(rows: $0..<$0 + 1)) }
    for (row, sequence) in try sequences().enumerated() {
      own.step(.decode([next[row]], of: [sequence]))
      #expect(relativeError(rows[row], own.logits(rows: 0..<1)) < 2e-5)
    }
  }
}
