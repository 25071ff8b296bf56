import SparrowCPU
import SparrowCore
import SparrowSparsity
import SparrowTestPlans
import SparrowTransformer

/// An engine over a model's file or folder, with sparse networks.
func engine(
  _ path: String, threads: Int,
  layers: (ModelConfiguration) -> [Int: FeedForwardPlan] = { _ in [:] }
) throws -> CPUEngine {
  let binding = try WeightBinding(opening: path)
  return try CPUEngine(
    binding, pool: try WorkerPool(count: threads), maximumRows: 32,
    plan: SparsePlan(networks: layers(binding.configuration)))
}
