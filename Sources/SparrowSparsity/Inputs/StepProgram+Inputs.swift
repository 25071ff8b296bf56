internal import SparrowTransformer

extension StepProgram {
  /// The program in which the matrices of inputs with a threshold read the columns of large inputs
  /// only.
  ///
  /// A network whose inputs have one is taken apart: `ffn` becomes `gate, up`, `activate`, `down`.
  /// Operations that another plan made sparse stay.
  func withSparseInputs(_ plans: [Int: InputPlan]) -> StepProgram {
    var result = self
    result.operations = operations.flatMap { operation -> [Operation] in
      guard let layer = operation.layer, let plan = plans[layer] else { return [operation] }
      return operation.kind.sparse(plan).map { Operation($0, layer: layer) }
    }
    return result
  }
}

extension Operation.Kind {
  fileprivate func sparse(_ plan: InputPlan) -> [Operation.Kind] {
    func has(_ input: LayerInput) -> Bool { plan.thresholds[input] != nil }
    switch self {
    case .project(let attention, let input) where has(.attention):
      let queries: [Operation.Buffer] = attention.isGated ? [.query, .headGates] : [.query]
      return [
        .multiplyLarge(.attention, input: input, outputs: queries + [.key, .value], .write)
      ]
    case .multiply(.output, let input, let output, let landing) where has(.output):
      return [.multiplyLarge(.output, input: input, outputs: [output], landing)]
    case .feedForward(let network, let input, let output, let landing)
    where has(.feedForward) || has(.down):
      let first: [Operation.Kind]
      if has(.feedForward) {
        let outputs: [Operation.Buffer] = network.gated ? [.gates, .neurons] : [.neurons]
        first = [.multiplyLarge(.feedForward, input: input, outputs: outputs, .write)]
      } else {
        first =
          (network.gated ? [.multiply(.gate, input: input, output: .gates, .write)] : [])
          + [.multiply(.up, input: input, output: .neurons, .write)]
      }
      let last: Operation.Kind =
        has(.down)
        ? .multiplyLarge(.down, input: .neurons, outputs: [output], landing)
        : .multiply(.down, input: .neurons, output: output, landing)
      return first + [.activate(network), last]
    default: return [self]
    }
  }
}
