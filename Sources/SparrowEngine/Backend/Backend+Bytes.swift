import SparrowSparsity
import SparrowTransformer

extension Backend {
  private var traffic: Traffic { Traffic(plan, model, weights, touched: touched) }

  /// Bytes of weights that one decoding step reads; of what is sparse, as much as steps have read
  /// on average since `use`.
  package var bytesPerToken: Int { traffic.total(plan.rewrite(StepProgram(model))) }

  /// Bytes of weights that one dense decoding step reads.
  package var denseBytesPerToken: Int {
    Traffic(.dense, model, weights).total(StepProgram(model))
  }

  /// Bytes that the sparse layers' feed-forward networks read for a token, on average, and what
  /// they would read densely.
  package var feedForwardBytes: (sparse: Int, dense: Int) {
    var networks = SparsePlan.dense
    networks.networks = plan.networks
    let operations = networks.rewrite(StepProgram(model)).operations
    var bytes = (sparse: 0, dense: 0)
    for operation in operations where plan.networks[operation.layer ?? -1] != nil {
      guard operation.kind.isSparseNetwork else { continue }
      let own = traffic.bytes(of: operation)
      bytes.sparse += own.read ?? own.dense
      bytes.dense += own.dense
    }
    return bytes
  }

  /// Elements of each cached position that a decoding step does not read, on average.
  package var unreadCacheElements: Int {
    plan.attention.reduce(0) { sum, entry in
      guard entry.value.maps != nil, let heads = touched.attention[entry.key] else { return sum }
      let attention = model.layers[entry.key].attention
      let elements = 2 * attention.keyValueHeads * attention.headDimension
      return sum + Int(Double(elements) * (1 - heads.selected))
    }
  }
}

extension Operation.Kind {
  /// Of a sparse feed-forward network.
  fileprivate var isSparseNetwork: Bool {
    switch self {
    case .predict, .sparseFeedForward: true
    default: false
    }
  }
}
