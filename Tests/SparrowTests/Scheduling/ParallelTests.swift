import Sparrow
import SparrowSparsity
import SparrowTestModels
import Testing

@Suite("Plans and how many run at once")
struct ParallelTests {
  @Test("layers that pay in narrower batches only run dense, and a line says so")
  func narrowLayers() throws {
    let wide = try SparseModel.loadSparseBody(widestBatch: 2, parallel: 3)
    #expect(!wide.isSparse && wide.plan.widestBatch == 2)
    #expect(wide.warnings.contains { $0.contains("--parallel 2 keeps them") })
    for parallel in [2, nil] {
      let kept = try SparseModel.loadSparseBody(widestBatch: 2, parallel: parallel)
      #expect(kept.plan.networks.count == 2)
      #expect(!kept.warnings.contains { $0.contains("--parallel") })
    }
  }
}
