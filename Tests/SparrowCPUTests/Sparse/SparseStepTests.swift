import SparrowCPU
import SparrowCore
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Whole models with sparse feed-forward networks.
@Suite struct SparseStepTests {
  /// Plans of one kind for all layers.
  static func plans(
    _ predictor: FeedForwardPlan.Predictor, _ selector: Selector, group: Int = 1
  ) -> (ModelConfiguration) -> [Int: FeedForwardPlan] {
    { model in
      Dictionary(
        uniqueKeysWithValues: model.layers.indices.map {
          ($0, FeedForwardPlan(predictor: predictor, selector: selector, groupSize: group))
        })
    }
  }

  /// The last logits of tokens that are decoded one by one.
  static func decode(_ engine: CPUEngine, _ tokens: [Int32]) throws -> [Float] {
    try logits(engine, tokens, chunk: 1)
  }

  @Test("density 1 is the dense model, in every family", arguments: Fixtures.models)
  func everything(name: String) throws {
    let path = Fixtures.path("models/" + name)
    let tokens = try Fixtures.expected(name).tokens
    let dense = try Self.decode(try engine(path, threads: 2), tokens)
    let sparse = try Self.decode(
      try engine(path, threads: 2, layers: Self.plans(.exact, .threshold(0))), tokens)
    let largest = dense.reduce(0) { max($0, abs($1)) }
    let worst = zip(dense, sparse).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst <= 2e-5 * largest, "worst difference \(worst) of \(largest)")
  }
}
