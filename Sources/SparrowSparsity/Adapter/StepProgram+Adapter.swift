public import SparrowTransformer

extension StepProgram {
  /// The program as the adapter rewrites it.
  public func sparse(_ adapter: Adapter) -> StepProgram {
    let program = withSparseFeedForward(adapter.layers)
    return adapter.head == nil ? program : program.withSparseHead()
  }
}

extension Adapter {
  /// What the sparse operations read for one token, as far as the plan says: candidates' rows, predictors.
  public func bytes(_ binding: WeightBinding) -> StepProgram.SparseBytes {
    var bytes = StepProgram.SparseBytes()
    if let (plan, sketch) = head {
      let matrix = binding.matrix(binding.headRole)
      bytes.sketch = sketch.byteCount
      bytes.exact = matrix.byteCount / max(1, matrix.rows.count) * plan.candidates
    }
    bytes.layers = layers.mapValues {
      .init(
        predictor: $0.predictorName, predictorBytes: $0.predictorBytes, groupSize: $0.groupSize)
    }
    return bytes
  }
}
