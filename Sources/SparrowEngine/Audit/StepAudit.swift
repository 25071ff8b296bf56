package import SparrowCore
package import SparrowSparsity
package import SparrowTransformer

/// What sparse layers touched while steps had this audit, and the recall of what they selected.
///
/// Backends compute the exact values beside a step, in memory of the audit's own: results are the
/// same bits with and without. Nothing is timed under audit. Not safe for use by two backends at
/// once.
package final class StepAudit {
  /// Where the backend that made it computes exact values.
  package let workspace: AnyObject
  private let networks: [Int: NetworkAudit]
  private let attention: [Int: HeadGroupAudit]
  private var inputs: [InputSource: LayerActivity] = [:]

  /// `weights` read down's columns and the output matrices once.
  package init(
    _ plan: SparsePlan, model: ModelConfiguration, weights: any BackendWeights,
    pool: WorkerPool, workspace: AnyObject
  ) {
    self.workspace = workspace
    networks = Dictionary(
      uniqueKeysWithValues: plan.networks.map { layer, plan in
        let lengths = weights.columnLengths(of: WeightRole(.down, layer: layer), pool: pool)
        return (layer, NetworkAudit(layer, plan, lengths: lengths))
      })
    attention = Dictionary(
      uniqueKeysWithValues: plan.attention.keys.map { layer in
        let attention = model.layers[layer].attention
        return (layer, HeadGroupAudit(layer, attention, weights: weights, pool: pool))
      })
    for (layer, plan) in plan.inputs {
      for input in plan.thresholds.keys {
        let role = WeightRole(input.matrices.last!, layer: layer)
        inputs[.init(layer: layer, input: input)] = LayerActivity(
          layer: layer, kind: .init(input), groups: weights.shape(of: role).columns)
      }
    }
  }

  /// What each sparse layer touched so far, by layer; of multi-head attention the density alone,
  /// and of inputs too, whose sizes select them.
  package var layers: [LayerActivity] {
    (networks.values.map(\.activity) + attention.values.map(\.activity) + inputs.values)
      .sorted { $0.layer < $1.layer }
  }

  /// Whether a layer's recall wants the results of all heads, skipped ones too.
  ///
  /// Keys and values of grouped attention are all there, so that the queries of the groups that
  /// were skipped are all that is missing. Multi-head layers make their keys late, and get no
  /// recall.
  package func wantsResults(ofAttention layer: Int) -> Bool {
    attention[layer]?.norms != nil
  }

  /// A token's selected neurons, ascending, and |activation| of all neurons, `[neurons]`, which is
  /// overwritten.
  package func note(
    network layer: Int, selected: [Int32], sizes: UnsafeMutableBufferPointer<Float>
  ) {
    networks[layer]?.note(selected, sizes)
  }

  /// A token's selected head groups, ascending, and where they are wanted the results of all heads,
  /// `[heads][headDimension]`.
  package func note(
    attention layer: Int, selected: [Int32], results: UnsafePointer<Float>?
  ) {
    attention[layer]?.note(selected, results)
  }

  /// The inputs of a layer's matrices that a token kept.
  package func note(_ source: InputSource, kept: some Sequence<Int32>) {
    inputs[source]?.add(kept)
  }
}
