internal import SparrowTransformer

extension StepProgram {
  /// The program with the feed-forward networks of the layers in `plans` made sparse: `ffn` becomes
  /// `predict`, `select`, `ffn`, and a lookahead layer's `predict` stands before the `ffn` of the
  /// layer before.
  ///
  /// In that layer it reads the same input as that layer's own network.
  func withSparseFeedForward(_ plans: [Int: FeedForwardPlan]) -> StepProgram {
    var result = self
    result.operations = []
    for operation in operations {
      guard case .feedForward(let network, let input, let output, let landing) = operation.kind,
        let layer = operation.layer
      else {
        result.operations.append(operation)
        continue
      }
      if let plan = plans[layer] {
        if !plan.lookahead || layer == 0 {
          result.operations.append(Operation(.predict(network, input: input), layer: layer))
        }
        result.operations.append(Operation(.select(network), layer: layer))
      }
      if plans[layer + 1]?.lookahead == true, layer + 1 < layerCount {
        result.operations.append(Operation(.predict(network, input: input), layer: layer + 1))
      }
      let kind: Operation.Kind =
        plans[layer] == nil
        ? operation.kind : .sparseFeedForward(network, input: input, output: output, landing)
      result.operations.append(Operation(kind, layer: layer))
    }
    return result
  }

  private var layerCount: Int { operations.compactMap(\.layer).max().map { $0 + 1 } ?? 0 }
}
