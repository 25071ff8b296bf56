internal import CSparrowKernels
package import SparrowSparsity
import SparrowCore
import SparrowTransformer

/// What sparse layers touched while an engine had this audit, and the recall of what they selected.
///
/// The exact activations are computed beside the step, in memory of the audit's own: results are the same
/// bits with and without. A step takes longer by dense products of the sparse networks' gate and up, so
/// nothing is timed under audit. Not safe for use by two engines at once.
package final class StepAudit {
  /// By layer.
  private let networks: [Int: NetworkAudit]
  private var attention: [Int: LayerActivity]
  private var inputs: [InputSource: LayerActivity]

  init(
    networks plans: [Int: FeedForwardPlan], attention heads: [Int: AttentionPlan],
    inputs large: [Int: InputPlan], model: ModelConfiguration, weights: PackedWeights,
    pool: WorkerPool
  ) {
    let widest = plans.keys.map { model.layers[$0].feedForward.width }.max() ?? 1
    let activations = ExactActivations(width: widest, workers: pool.count)
    networks = Dictionary(
      uniqueKeysWithValues: plans.map { layer, plan in
        let lengths = weights.columnLengths(of: WeightRole(.down, layer: layer), pool: pool)
        return (layer, NetworkAudit(layer, plan, lengths: lengths, activations: activations))
      })
    attention = Dictionary(
      uniqueKeysWithValues: heads.keys.map { layer in
        let groups = model.layers[layer].attention.keyValueHeads
        return (layer, LayerActivity(layer: layer, kind: .attention, groups: groups))
      })
    inputs = [:]
    for (layer, plan) in large {
      for input in plan.thresholds.keys {
        let matrix = weights.matrix(WeightRole(input.matrices.last!, layer: layer))
        inputs[InputSource(layer: layer, input: input)] = LayerActivity(
          layer: layer, kind: .init(input), groups: Int(matrix.pointee.columns))
      }
    }
  }

  /// What each sparse layer touched so far, by layer; of attention the density alone, since the outputs of
  /// heads that were skipped are known to nobody, and of inputs too, whose sizes select them.
  package var layers: [LayerActivity] {
    (networks.values.map(\.activity) + attention.values + inputs.values)
      .sorted { $0.layer < $1.layer }
  }

  /// All workers look at each operation before it runs, when what it selects is known and its input whole.
  func look(at operation: LoweredOperation, _ worker: Worker, _ step: StepState) {
    switch operation {
    case .sparseFeedForward(let kernel):
      networks[kernel.layer]?.look(at: kernel, worker, step)
    case .attendHeads(let kernel):
      guard worker.index == 0 else { return }
      for row in 0..<step.rows {
        attention[kernel.attend.layer]?.add(kernel.selection.groups.selection.list(of: row))
      }
    case .multiplyLarge(let kernel):
      guard worker.index == 0 else { return }
      kernel.forEachRow(worker, step) { inputs[kernel.source]?.add($0) }
    default: break
    }
  }
}
