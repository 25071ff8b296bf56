import SparrowCPU
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

/// The one place that names a backend.
enum BackendChoice {
  /// Packs the model's weights for the device that runs it. Throws what packing throws.
  static func make(
    _ binding: WeightBinding, pool: WorkerPool, rows: Int, plan: SparsePlan = .dense,
    updates: WeightUpdates = WeightUpdates()
  ) throws(SparrowError) -> any Backend {
    try CPUEngine(binding, pool: pool, maximumRows: rows, plan: plan, updates: updates)
  }
}
