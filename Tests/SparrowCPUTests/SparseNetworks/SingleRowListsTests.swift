import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

/// Where the rest is estimated, each worker selects for its own share of a single row.
@Suite struct SingleRowListsTests {
  @Test func probesSeeWhatAllWorkersHaveSelected() throws {
    let binding = try WeightBinding(NetworkModel(type: .f32))
    let predictor = RandomPredictor.int5.make(hidden: 96, width: 160, group: 1, isGated: true)
    var layers: [LayerActivity] = []
    var lists: [[Int32]] = []
    for threads in 1...3 {
      func engine(_ least: Float) throws -> CPUEngine {
        let plan = FeedForwardPlan(
          predictor: predictor, selector: .threshold(least), rest: .estimate)
        return try CPUEngine(
          binding, pool: WorkerPool(count: threads), maximumRows: 32,
          plan: SparsePlan(networks: [0: plan]))
      }
      func step(_ engine: CPUEngine, _ probes: StepProbes? = nil) throws {
        engine.step(.decode([4], of: [try engine.sequence(capacity: 2)], probes: probes))
      }
      let probe = try engine(0)
      try step(probe)
      let own = try engine(probe.neuronScores(layer: 0).sorted()[120])
      let audit = own.makeAudit()
      try step(own, StepProbes(audit: audit, selections: { lists.append($0.indices) }))
      #expect(own.networks!.scores[0]!.reads.mean?.neurons == 40)
      layers.append(audit.layers[0])
    }
    #expect(layers[0].density == 0.25 && layers.allSatisfy { $0.recall == layers[0].recall })
    #expect(lists.count == 3 && lists.allSatisfy { $0 == lists[0] && $0.count == 40 })
    #expect(lists[0] == lists[0].sorted())
  }
}
