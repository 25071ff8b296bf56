import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCPU

/// HiRE's second stage: the exact activations of the selected neurons decide whose columns are
/// read.
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
        let groups = sizes.indices.filter { $0 % group == 0 }.map {
          sizes[$0..<$0 + group].reduce(0, +)
        }
        var places = kept.select(groups).indices.flatMap {
          Int($0) * group..<(Int($0) + 1) * group
        }
        // A threshold needs no other activations to decide.
        if case .threshold = kept { places = kept.select(sizes).indices.map(Int.init) }
        let neurons = places.map { candidates[$0] }
        #expect(relativeError(found[row], network.reference(token, [neurons])) < 1e-5)
        columns += neurons.count
        tokens += 1
      }
    }
    let mean = try #require(network.engine.networks?.scores[0]?.reads.mean)
    #expect(mean.neurons == 64)
    #expect(mean.columns == Double(columns) / Double(tokens))
  }

  @Test func theCommonPathIsKeptAndCompetesWithNothing() throws {
    let order = (0..<160).map { Int32($0 * 37 % 160) }
    let common: [Int32] = [2, 19]
    let plan = FeedForwardPlan(
      predictor: RandomPredictor.int4.make(hidden: 96, width: 160, group: 8, isGated: true),
      selector: .topK(9), groupSize: 8, kept: .topK(5), order: order, common: common)
    let network = try SparseNetwork(NetworkModel(type: .f32), threads: 2, [0: plan])
    let audit = network.engine.makeAudit()
    network.audit = audit
    let found = network.step([4])
    let x = network.networkInput(0, network.embedding(4).map(Double.init))
    let sizes = network.activations(0, x, of: (0..<160).map { Int32($0) }).map { Float(abs($0)) }
    let sums = (0..<20).map { group -> Float in
      common.contains(Int32(group))
        ? .nan : (0..<8).reduce(0) { $0 + sizes[Int(order[8 * group + $1])] }
    }
    let candidates = Set(network.selected(row: 0))
    func isCandidate(_ group: Int32) -> Bool { candidates.contains(order[8 * Int(group)]) }
    #expect(candidates.count == 8 * 11 && common.allSatisfy(isCandidate))
    let own = sums.enumerated().map { isCandidate(Int32($0)) ? $1 : .nan }
    let neurons = (Selector.topK(5).select(own).indices + common).flatMap { group in
      (0..<8).map { order[8 * Int(group) + $0] }
    }
    #expect(relativeError(found[0], network.reference(4, [neurons.sorted()])) < 1e-5)
    let wanted = Selector.topK(5).select(sums).indices
    let recall = Double(wanted.count { isCandidate($0) }) / 5
    #expect(abs(try #require(audit.layers[0].recall) - recall) < 1e-9)
  }

  @Test func bytesPerTokenCountOnlyColumnsThatWereRead() throws {
    let plan = FeedForwardPlan(
      predictor: .exact, selector: .threshold(-.infinity), kept: .topK(10))
    let network = try SparseNetwork(NetworkModel(type: .f32), threads: 1, [0: plan])
    let dense = network.engine.denseBytesPerToken
    network.step([3])
    // A column of 96 rows is padded to 128.
    #expect(dense - network.engine.bytesPerToken == 4 * 96 * 160 - 4 * 128 * 10)
  }
}
