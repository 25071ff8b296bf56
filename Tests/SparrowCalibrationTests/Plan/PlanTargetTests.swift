import SparrowCalibration
import SparrowCore
import Testing

@Suite struct PlanTargetTests {
  @Test func readsDensitiesAndPerplexities() throws {
    #expect(try PlanTarget("density=0.5") == .density(0.5))
    #expect(try PlanTarget("density=0.05") == .density(0.05))
    #expect(try PlanTarget("perplexity=1.03") == .perplexity(1.03))
  }

  @Test(arguments: [
    "", "density", "density=", "density=0", "density=1.5", "density=-1", "density=nan",
    "perplexity=0.9", "perplexity=nan", "speed=2", "density=0.5=1",
  ])
  func refusesAnythingElse(text: String) {
    let error = #expect(throws: SparrowError.self) { try PlanTarget(text) }
    #expect(error?.field == "target")
  }

  @Test func saysWhySmallDensitiesAreRefused() {
    let error = #expect(throws: SparrowError.self) { try PlanTarget("density=0.004") }
    #expect(error?.kind == .argument)
    #expect(error?.expected == "at least 0.01, since what layers lose is not measured below")
  }
}
