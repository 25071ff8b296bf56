import SparrowCPU
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTestPlans
import SparrowTransformer
import Testing

/// The backends that all suites of this target run on; a new one is one line.
struct TestBackend: Sendable, CustomTestStringConvertible {
  static let all = [
    TestBackend(name: "CPU") { try CPUEngine($0, pool: $1, maximumRows: 32, plan: $2) }
  ]

  let name: String
  /// Takes steps of 32 rows at least.
  let make: @Sendable (WeightBinding, WorkerPool, SparsePlan) throws -> any Backend

  var testDescription: String { name }

  /// One over a model's file or folder, its plan checked.
  func open(
    _ path: String, threads: Int = 2, _ plan: (ModelConfiguration) -> SparsePlan = { _ in .dense }
  ) throws -> any Backend {
    try open(WeightBinding(opening: path), threads: threads, plan)
  }

  func open(
    _ binding: WeightBinding, threads: Int = 2,
    _ plan: (ModelConfiguration) -> SparsePlan = { _ in .dense }
  ) throws -> any Backend {
    let plan = plan(binding.configuration)
    try plan.check(binding.configuration, file: binding.checkpoint.path)
    return try make(binding, WorkerPool(count: threads), plan)
  }
}
