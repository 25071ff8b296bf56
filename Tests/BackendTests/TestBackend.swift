import SparrowCPU
import SparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTestDevice
import SparrowTestPlans
import SparrowTransformer
import Testing

/// The backends that all suites of this target run on; a new one is one line.
struct TestBackend: Sendable, CustomTestStringConvertible {
  static let all = [cpu]
  /// Those that run dense programs.
  static let dense = all + [cuda]

  private static let cpu = TestBackend(name: "CPU") {
    try CPUEngine($0, pool: $1, maximumRows: 32, plan: $2)
  }

  /// By a driver that does in plain loops what kernels do.
  private static let cuda = TestBackend(name: "CUDA") { binding, pool, plan in
    let context = try CUDAContext(0, driver: CUDADriver(calls: TestDriver.calls))
    let cache = KernelCache(folder: nil) { () throws(SparrowError) in
      try KernelCompiler(calls: TestCompiler.calls)
    }
    return try CUDAEngine(
      binding, library: KernelLibrary(context, cache: cache), pool: pool, maximumRows: 32,
      plan: plan)
  }

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
