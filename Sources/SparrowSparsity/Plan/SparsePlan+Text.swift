public import SparrowTransformer

extension SparsePlan {
  /// What the sparse operations read for one token, as far as the plan says: candidates' rows,
  /// predictors.
  public func bytes(_ binding: WeightBinding) -> StepProgram.SparseBytes {
    var bytes = StepProgram.SparseBytes()
    if let head {
      let matrix = binding.matrix(binding.headRole)
      bytes.sketch = head.sketch.byteCount
      bytes.exact = matrix.byteCount / max(1, matrix.rows.count) * head.plan.candidates
    }
    bytes.layers = networks.mapValues(\.sparseBytes)
    bytes.attention = attention.mapValues(\.sparseBytes)
    bytes.inputs = inputs.mapValues { plan in
      plan.thresholds.mapValues { .init(threshold: $0.value, density: $0.density) }
    }
    return bytes
  }
}

extension FeedForwardPlan {
  /// What the printed program says of the layer.
  fileprivate var sparseBytes: StepProgram.SparseBytes.Layer {
    let whole: [WeightRole.Kind] =
      switch predictor {
      case .gate: [.gate]
      case .exact: [.gate, .up]
      case .sketch, .lowRank, .router: []
      }
    return .init(
      predictor: predictorName, predictorBytes: predictorBytes, readWhole: whole,
      groupSize: groupSize,
      selector: selector.text(of: "s") + (common.isEmpty ? "" : " + \(common.count) common"),
      kept: kept?.text(of: "|a|"), density: density, rest: restText, readsDownWhole: readsDownWhole)
  }
}

extension FeedForwardPlan {
  fileprivate var restText: String? {
    switch rest {
    case .nothing: nil
    case .estimate: "estimates the rest"
    case .sketch: "sketches the rest"
    }
  }
}

extension AttentionPlan {
  /// What the printed program says of the layer.
  fileprivate var sparseBytes: StepProgram.SparseBytes.Layer {
    .init(
      predictor: predictorName, predictorBytes: predictorBytes, readWhole: [], groupSize: 1,
      selector: selector.text(of: "s"), kept: nil, density: density)
  }
}

extension Selector {
  /// What it picks of the scores called `name`.
  fileprivate func text(of name: String) -> String {
    switch self {
    case .threshold(let least): "\(name) > \(least)"
    case .topK(let k): "top \(k) of \(name)"
    case .statisticalTopK(let k): "top ~\(k) of \(name)"
    case .bucketedTopK(let k, let buckets, _): "top \(k) of \(name) in \(buckets) buckets"
    }
  }
}
