import CSparrowKernels
import SparrowBlocks
import SparrowCPU
import SparrowCore
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Rows that share a step, in every format and with every instruction set.
@Suite(.serialized) struct CompanyTests {
  @Test(
    "a row of a batch is the same bits as the row alone", arguments: ElementType.weightTypes)
  func rows(type: ElementType) throws {
    let turn = try #require(ElementType.weightTypes.firstIndex(of: type))
    let isWide = type.blockElements == 256
    let file = NetworkModel(
      type: type, hidden: isWide ? 256 : 96, width: isWide ? 512 : 448,
      activation: turn % 2 == 0 ? "silu" : "relu")
    let binding = try WeightBinding(file)
    for (place, set) in BitsTests.sets.enumerated() where sk_use_isa_here(set) == 1 {
      defer { sk_use_isa_here(nil) }
      let pool = try WorkerPool(count: 1 + (turn / 2 + place) % 3)
      pool.run { _ in sk_use_isa_here(set) }
      let engine = try CPUEngine(binding, pool: pool, maximumRows: 32)
      for (name, plan) in Self.plans(binding.configuration) {
        engine.install(plan)
        let company = Company(engine, sequences: 16, turns: 1, longest: 1)
        let alone = try company.run(company.alone)
        let together = try company.run(company.together)
        #expect(together == alone, "\(name) with \(set), \(pool.count) threads")
      }
    }
  }

  /// A plan of each kind that sums columns in an order of its own.
  private static func plans(_ model: ModelConfiguration) -> [(name: String, plan: SparsePlan)] {
    let width = model.layers[0].feedForward.width
    func networks(
      _ kind: RandomPredictor, group: Int = 1, _ selector: Selector,
      _ change: (inout FeedForwardPlan) -> Void = { _ in }
    ) -> SparsePlan {
      var plan = SparsePlan(networks: NetworkPlans.all(kind, group: group) { _ in selector }(model))
      change(&plan.networks[0]!)
      return plan
    }
    let order = (0..<width).map { Int32($0 * 37 % width) }
    return [
      ("dense", .dense),
      ("groups", networks(.router, group: 8, .threshold(0.5))),
      ("neurons", networks(.int4, .topK(width / 2))),
      ("common", networks(.lowRank, group: 8, .topK(width / 24)) { $0.common = [2, 11] }),
      ("ordered", networks(.product, group: 16, .topK(width / 32)) { $0.order = order }),
      ("gates", networks(.gate, .threshold(0.01))),
      ("oracle", networks(.exact, .statisticalTopK(width / 3))),
      ("kept", networks(.int4, .topK(width / 2)) { $0.kept = .topK(width / 3) }),
      ("kept largest", networks(.int5, .topK(width / 2)) { $0.kept = .threshold(0.01) }),
      ("estimated", networks(.int5, .threshold(0.1)) { $0.rest = .estimate }),
      (
        "sketched",
        networks(.int5, .threshold(0.1)) { $0.rest = .sketch(down: NetworkPlans.down(model)) }
      ),
      ("inputs", SparsePlan(inputs: InputPlans.all(model, 0.01))),
    ]
  }
}
