internal import SparrowTransformer

extension StepProgram {
  /// The program with the attention of the layers in `plans` made sparse.
  ///
  /// With a predictor `predict`, `select` and, in multi-head models, `keep` stand before the
  /// projections, and all that follows touches the selected head groups. A lookahead layer's
  /// `predict` stands in the layer before, and reads that layer's input. The oracle's stand behind
  /// a dense `attend`.
  func withSparseAttention(_ plans: [Int: AttentionPlan]) -> StepProgram {
    var result = self
    result.operations = operations.flatMap { operation -> [Operation] in
      guard let layer = operation.layer else { return [operation] }
      var kinds = [operation.kind]
      if let plan = plans[layer] {
        kinds = plan.maps == nil ? operation.kind.withOracle : operation.kind.withSelectedHeads
      }
      guard case .project(let attention, let input) = operation.kind else {
        return kinds.map { Operation($0, layer: layer) }
      }
      var own: [Operation] = []
      if let plan = plans[layer], plan.maps != nil, !plan.lookahead || layer == 0 {
        own.append(Operation(.predictHeads(attention, input: input), layer: layer))
      }
      own += kinds.map { Operation($0, layer: layer) }
      if plans[layer + 1]?.lookahead == true, let next = self.attention(of: layer + 1) {
        own.append(Operation(.predictHeads(next, input: input), layer: layer + 1))
      }
      return own
    }
    return result
  }

  private func attention(of layer: Int) -> AttentionDescription? {
    for operation in operations where operation.layer == layer {
      if case .attend(let attention) = operation.kind { return attention }
    }
    return nil
  }
}

extension Operation.Kind {
  /// A dense attention whose output matrix sees only the groups that gave most.
  fileprivate var withOracle: [Operation.Kind] {
    switch self {
    case .attend(let attention):
      [self, .predictHeads(attention, input: .attended), .selectHeads(attention)]
    case .multiply(.output, input: .attended, let output, let landing):
      [.sparseOutput(output: output, landing)]
    default: [self]
    }
  }

  /// An attention that touches only groups that were selected before it.
  fileprivate var withSelectedHeads: [Operation.Kind] {
    switch self {
    case .project(let attention, let input):
      [.selectHeads(attention)]
        + (attention.isMultiHead ? [.keepInput(attention, input: input)] : [])
        + [.projectHeads(attention, input: input)]
    case .append(let attention): [.appendHeads(attention)]
    case .attend(let attention): [.attendHeads(attention)]
    case .multiply(.output, input: .attended, let output, let landing):
      [.sparseOutput(output: output, landing)]
    default: [self]
    }
  }
}
