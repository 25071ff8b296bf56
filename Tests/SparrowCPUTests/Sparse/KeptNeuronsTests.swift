import SparrowCore
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCPU

/// HiRE's second stage: the exact activations of the selected neurons decide whose columns are read.
@Suite(.serialized) struct KeptNeuronsTests {
  static let selectors: [Selector] = [
    .topK(20), .topK(1), .topK(0), .topK(1000), .statisticalTopK(20),
    .bucketedTopK(15, buckets: 10, perBucket: 2), .threshold(0.2),
  ]

  @Test(arguments: selectors, [RandomPredictor.exact, .gate, .int4, .router])
  func keepsWhatTheSelectorPicksOfExactActivations(
    _ kept: Selector, _ kind: RandomPredictor
  ) throws {
    let file = NetworkModel(type: .f32)
    let group = kind == .router ? 8 : 1
    let plan = FeedForwardPlan(
      predictor: kind.make(hidden: 96, width: 160, group: group, isGated: true),
      selector: .topK(64 / group), groupSize: group, kept: kept)
    let network = try SparseNetwork(file, threads: kept == .topK(20) ? 3 : 1, [0: plan])
    var columns = 0
    var tokens = 0
    for batch in [1, 3] {
      let found = network.step((0..<Int32(batch)).map { 2 * $0 })
      for row in 0..<batch {
        let token = 2 * Int32(row)
        let candidates = network.selected(row: row)
        #expect(candidates.count == 64)
        let x = network.networkInput(0, network.embedding(token).map(Double.init))
        let sizes = network.activations(0, x, of: candidates).map { Float(abs($0)) }
        let neurons = kept.select(sizes).indices.map { candidates[Int($0)] }
        #expect(relativeError(found[row], network.reference(token, [neurons])) < 1e-5)
        columns += neurons.count
        tokens += 1
      }
    }
    let mean = try #require(network.engine.sparseLayers?.scores[0]?.reads.mean)
    #expect(mean.neurons == 64)
    #expect(mean.columns == Double(columns) / Double(tokens))
  }

  @Test func bytesPerTokenCountOnlyColumnsThatWereRead() throws {
    let plan = FeedForwardPlan(
      predictor: .exact, selector: .threshold(-.infinity), kept: .topK(10))
    let network = try SparseNetwork(NetworkModel(type: .f32), threads: 1, [0: plan])
    network.engine.runsDense = true
    let dense = network.engine.bytesPerToken
    network.engine.runsDense = false
    network.step([3])
    // A column of 96 rows is padded to 128.
    #expect(dense - network.engine.bytesPerToken == 4 * 96 * 160 - 4 * 128 * 10)
  }
}
