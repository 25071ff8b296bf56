import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

@Suite struct ReplanTests {
  @Test func replanningGivesMemoryBack() throws {
    let plan = SparsePlan(
      networks: [0: FeedForwardPlan(predictor: .exact, selector: .topK(30), kept: .topK(20))])
    let engine = try CPUEngine(
      WeightBinding(NetworkModel(type: .f16)), pool: WorkerPool(count: 1), maximumRows: 32,
      plan: plan)
    weak let before = engine.networks?.lowered
    #expect(before != nil)
    engine.use(plan)
    #expect(before == nil)
    engine.step(.decode([1], of: [try engine.sequence(capacity: 2)]))
  }
}
