import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// HiRE's second stage: the exact activations of selected neurons decide whose columns are read.
@Suite(.serialized) struct KeptNeuronsTests {
  static let selectors: [Selector] = [
    .topK(20), .topK(1), .topK(0), .topK(1000), .statisticalTopK(20),
    .bucketedTopK(15, buckets: 10, perBucket: 2), .threshold(0.2),
  ]

  @Test(arguments: TestBackend.all, selectors)
  func keepsWhatTheSelectorPicksOfExactActivations(backend: TestBackend, kept: Selector) throws {
    let binding = try WeightBinding(NetworkModel(type: .f32))
    for kind in [RandomPredictor.exact, .gate, .int4, .router] {
      let group = kind == .router ? 8 : 1
      let plan = FeedForwardPlan(
        predictor: kind.make(hidden: 96, width: 160, group: group, isGated: true),
        selector: .topK(64 / group), groupSize: group, kept: kept)
      let run = try ComparedRun(
        backend, binding, threads: kept == .topK(20) ? 3 : 1, sequences: 3,
        SparsePlan(networks: [0: plan]))
      for tokens: [Int32] in [[0], [0, 2, 4]] {
        #expect(run.start(tokens).allSatisfy { $0 < 1e-5 }, "\(kind)")
        for row in tokens.indices { #expect(run.neurons(row: row).count == 64) }
      }
    }
  }

  @Test(arguments: TestBackend.all)
  func theCommonPathIsKeptAndCompetesWithNothing(backend: TestBackend) throws {
    let order = (0..<160).map { Int32($0 * 37 % 160) }
    let common: [Int32] = [2, 19]
    let plan = FeedForwardPlan(
      predictor: RandomPredictor.int4.make(hidden: 96, width: 160, group: 8, isGated: true),
      selector: .topK(9), groupSize: 8, kept: .topK(5), order: order, common: common)
    let run = try ComparedRun(
      backend, WeightBinding(NetworkModel(type: .f32)), SparsePlan(networks: [0: plan]))
    let sizes = try run.backend.activations(of: [4])[0].map(abs)
    let audit = run.backend.makeAudit()
    run.audit = audit
    #expect(run.start([4])[0] < 1e-5)
    let candidates = Set(run.neurons())
    func isCandidate(_ group: Int32) -> Bool { candidates.contains(order[8 * Int(group)]) }
    #expect(candidates.count == 8 * 11 && common.allSatisfy(isCandidate))
    let sums = (0..<20).map { group -> Float in
      common.contains(Int32(group))
        ? .nan : (0..<8).reduce(0) { $0 + sizes[Int(order[8 * group + $1])] }
    }
    let recall = Double(Selector.topK(5).select(sums).indices.count { isCandidate($0) }) / 5
    #expect(abs(try #require(audit.layers[0].recall) - recall) < 1e-9)
  }
}

extension Backend {
  /// The activations of all neurons of the first layer for tokens that begin sequences.
  func activations(of tokens: [Int32]) throws -> [[Float]] {
    var found: [[Float]] = []
    let probes = StepProbes(observer: { seen in
      guard seen.subject == .feedForward, seen.layer == 0 else { return }
      let width = self.model.layers[0].feedForward.width
      found = (0..<seen.rows).map {
        Array(UnsafeBufferPointer(start: seen.result(row: $0), count: width))
      }
    })
    let sequences = try tokens.map { _ in try sequence(capacity: 2, type: .f32) }
    step(.decode(tokens, of: sequences, isDense: true, probes: probes))
    return found
  }
}
