internal import CSparrowKernels
package import SparrowSparsity
import SparrowCore
import SparrowTransformer

/// What sparse layers touched while an engine had this audit, and the recall of what they selected.
///
/// The exact activations, and the results of skipped heads, are computed beside the step, in memory of the
/// audit's own: results are the same bits with and without. A step takes longer by dense products of the sparse
/// networks' gate and up and by dense attention, so nothing is timed under audit. Not safe for use by two
/// engines at once.
package final class StepAudit {
  /// By layer.
  private let networks: [Int: NetworkAudit]
  private let attention: [Int: HeadAudit]
  private var inputs: [InputSource: LayerActivity]

  init(
    _ plan: SparsePlan, model: ModelConfiguration, weights: PackedWeights, pool: WorkerPool
  ) {
    let widest = plan.networks.keys.map { model.layers[$0].feedForward.width }.max() ?? 1
    let activations = ExactActivations(width: widest, workers: pool.count)
    networks = Dictionary(
      uniqueKeysWithValues: plan.networks.map { layer, plan in
        let lengths = weights.columnLengths(of: WeightRole(.down, layer: layer), pool: pool)
        return (layer, NetworkAudit(layer, plan, lengths: lengths, activations: activations))
      })
    let heads = plan.attention.keys.map { ($0, model.layers[$0].attention) }
    let results = ExactHeads(width: heads.map { $0.1.heads * $0.1.headDimension }.max() ?? 1)
    attention = Dictionary(
      uniqueKeysWithValues: heads.map { layer, attention in
        let audit = HeadAudit(layer, attention, results: results, weights: weights, pool: pool)
        return (layer, audit)
      })
    inputs = [:]
    for (layer, plan) in plan.inputs {
      for input in plan.thresholds.keys {
        let matrix = weights.matrix(WeightRole(input.matrices.last!, layer: layer))
        inputs[InputSource(layer: layer, input: input)] = LayerActivity(
          layer: layer, kind: .init(input), groups: Int(matrix.pointee.columns))
      }
    }
  }

  /// What each sparse layer touched so far, by layer; of multi-head attention the density alone, and of inputs
  /// too, whose sizes select them.
  package var layers: [LayerActivity] {
    (networks.values.map(\.activity) + attention.values.map(\.activity) + inputs.values)
      .sorted { $0.layer < $1.layer }
  }

  /// All workers look at each operation before it runs, when what it selects is known and its input whole.
  func look(at operation: LoweredOperation, _ worker: Worker, _ step: StepState) {
    switch operation {
    case .sparseFeedForward(let kernel):
      networks[kernel.neurons.layer]?.look(at: kernel.neurons, worker, step)
    case .projectHeads(let kernel): attention[kernel.layer]?.look(at: kernel, worker, step)
    case .appendHeads(let kernel): attention[kernel.layer]?.look(at: kernel, worker, step)
    case .attendHeads(let kernel):
      attention[kernel.attend.layer]?.look(at: kernel, worker, step)
    case .multiplyLarge(let kernel):
      guard worker.index == 0 else { return }
      kernel.forEachRow(worker, step) { inputs[kernel.source]?.add($0) }
    default: break
    }
  }
}
