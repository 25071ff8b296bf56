import SparrowSparsity
import SparrowTransformer
import Testing

@testable import SparrowCUDA

@Suite struct StepCostsTests {
  /// What is left of a plan on a device of this bandwidth.
  private func paying(
    _ name: String, bandwidth: Double, isOneKernel: Bool = false
  ) throws -> (all: SparsePlan, left: SparsePlan) {
    let binding = try TinyModel.sparse[1].binding()
    let sample = try #require(SamplePlan.all.first { $0.name == name })
    let plan = try #require(try sample.make(binding.configuration))
    let costs = StepCosts(
      bandwidth: bandwidth, model: binding.configuration, weights: binding,
      isOneKernel: isOneKernel)
    return (plan, plan.paying(costs))
  }

  @Test("what saves less than its launches take runs dense", arguments: SamplePlan.all.map(\.name))
  func small(name: String) throws {
    guard name != "gates" else { return }
    #expect(try !paying(name, bandwidth: 4.9e12).left.isSparse)
  }

  @Test(
    "where memory is slow what reads less pays",
    arguments: ["low rank", "two stages of groups", "heads", "head by codes"])
  func slow(name: String) throws {
    let plan = try paying(name, bandwidth: 1e8)
    #expect(plan.left == plan.all)
  }

  @Test("where the dense step is one kernel, layers stay dense and the head may be searched")
  func oneKernel() throws {
    let layers = try paying("low rank", bandwidth: 1e8, isOneKernel: true)
    #expect(!layers.left.isSparse)
    let head = try paying("head by codes", bandwidth: 1e8, isOneKernel: true)
    #expect(head.left.head != nil)
  }

  @Test("unions of batches are expected about as wide as published")
  func unions() throws {
    let binding = try TinyModel.sparse[1].binding()
    for (name, tolerance) in [("opt-6.7b", 0.1), ("opt-30b", 0.28)] {
      let published = try PublishedUnions(name)
      for (rows, part) in published.neurons {
        let costs = StepCosts(
          bandwidth: 1, model: binding.configuration, weights: binding, rows: rows)
        #expect(abs(costs.union(published.density) / part - 1) < tolerance, "\(name) \(rows)")
      }
    }
  }

  @Test("a device that does not tell its bandwidth runs plans as they are")
  func unknown() throws {
    let plan = try paying("low rank", bandwidth: 0)
    #expect(plan.left == plan.all)
  }
}
