import SparrowCore
package import SparrowEngine
import SparrowSparsity
import SparrowTransformer

extension CPUEngine {
  /// A step under it takes longer by dense products of the sparse networks' gate and up and by
  /// dense attention.
  package func makeAudit() -> StepAudit {
    let widest = plan.networks.keys.map { model.layers[$0].feedForward.width }.max() ?? 1
    let heads = plan.attention.keys.map { model.layers[$0].attention }
    let exact = ExactValues(
      activations: ExactActivations(width: widest, workers: pool.count),
      heads: ExactAttention(width: heads.map { $0.heads * $0.headDimension }.max() ?? 1))
    return StepAudit(plan, model: model, weights: packed, pool: pool, workspace: exact)
  }

  /// All workers look at an operation before it runs, when what it selects is known and its input
  /// whole.
  func look(
    _ probes: StepProbes, at operation: LoweredOperation, _ worker: Worker, _ step: StepState
  ) {
    let audit = probes.audit
    let exact = audit?.workspace as? ExactValues
    precondition(audit == nil || exact != nil, "an audit of another backend")
    switch operation {
    case .sparseFeedForward(let kernel):
      let neurons = kernel.neurons
      exact?.activations.compute(neurons, worker, step)
      worker.barrier()
      // The network's own barriers keep the next one's activations from coming too early.
      guard worker.index == 0 else { return }
      for row in 0..<step.rows {
        let selected = neurons.lists.all(of: row)
        probes.note(.network, neurons.layer, row, selected)
        guard let exact else { continue }
        audit?.note(
          network: neurons.layer, selected: selected,
          sizes: exact.activations.sizes(of: row, width: neurons.up.rows))
      }
    case .projectHeads(let kernel) where probes.wantsResults(ofAttention: kernel.layer):
      exact?.heads.project(kernel, worker, step)
    case .appendHeads(let kernel) where probes.wantsResults(ofAttention: kernel.layer):
      exact?.heads.prepare(kernel.heads, worker, step)
    case .attendHeads(let kernel):
      let layer = kernel.attend.layer
      let hasResults = probes.wantsResults(ofAttention: layer)
      if hasResults {
        exact?.heads.attend(kernel.attend, worker, step)
        worker.barrier()
      }
      // The attention's own barrier keeps the next layer's results from coming too early.
      guard let exact, worker.index == 0 else { return }
      for row in 0..<step.rows {
        audit?.note(
          attention: layer, selected: kernel.selection.groups.lists.all(of: row),
          results: hasResults ? UnsafePointer(exact.heads.attended.row(row)) : nil)
      }
    case .sparseOutput(let kernel):
      guard worker.index == 0 else { return }
      for row in 0..<step.rows {
        probes.note(
          .attention, kernel.layer, row, kernel.selection.groups.lists.all(of: row))
      }
    case .multiplyLarge(let kernel):
      guard worker.index == 0 else { return }
      kernel.forEachRow(worker, step) { row, kept in
        audit?.note(kernel.source, kept: kept)
        probes.note(.inputs(kernel.source.input), kernel.source.layer, row, Array(kept))
      }
    default: break
    }
  }
}

extension StepProbes {
  fileprivate func note(
    _ part: Selected.Part, _ layer: Int, _ row: Int, _ indices: @autoclosure () -> [Int32]
  ) {
    guard let selections else { return }
    selections(Selected(part, layer: layer, row: row, indices: indices()))
  }

  fileprivate func wantsResults(ofAttention layer: Int) -> Bool {
    audit?.wantsResults(ofAttention: layer) ?? false
  }
}

/// What audits compute beside a step.
final class ExactValues {
  let activations: ExactActivations
  let heads: ExactAttention

  init(activations: ExactActivations, heads: ExactAttention) {
    self.activations = activations
    self.heads = heads
  }
}
