import SparrowCore
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCPU

/// Running other plans over the same weights.
@Suite(.serialized) struct ReplanTests {
  private static let plans = [
    0: FeedForwardPlan(predictor: .exact, selector: .topK(30), kept: .topK(20)),
    1: FeedForwardPlan(predictor: .gate, selector: .topK(5), groupSize: 8),
  ]

  @Test func aPlanRunsAsInAnEngineOfItsOwn() throws {
    let file = NetworkModel(type: .q8_0, layers: 2)
    let network = try SparseNetwork(file, threads: 1, Self.plans)
    var other = Self.plans
    other[0]!.selector = .topK(7)
    other[0]!.kept = nil
    other[1] = nil
    network.step([1, 2])
    network.engine.select(SparsePlan(networks: other))
    let replanned = network.step([1, 2])
    #expect(try SparseNetwork(file, threads: 1, other).step([1, 2]) == replanned)
    network.engine.select(SparsePlan(networks: Self.plans))
    #expect(try SparseNetwork(file, threads: 1, Self.plans).step([1, 2]) == network.step([1, 2]))
  }

  @Test func replanningGivesMemoryBack() throws {
    let network = try SparseNetwork(NetworkModel(type: .f16, layers: 2), threads: 1, Self.plans)
    weak let before = network.engine.networks?.lowered
    #expect(before != nil)
    network.engine.select(SparsePlan(networks: Self.plans))
    #expect(before == nil)
    network.step([1])
  }
}
