import SparrowEngine

extension LoweredOperation {
  /// Whether observers see it.
  var isObserved: Bool {
    switch self {
    case .feedForward, .attend: true
    default: false
    }
  }

  /// Shows what went through it.
  func show(to observer: (Observation) -> Void, _ step: StepState) {
    switch self {
    case .feedForward(let kernel):
      observer(
        Observation(
          .feedForward, layer: kernel.layer, rows: step.rows, inputs: kernel.input.buffer.observed,
          results: kernel.neurons.observed))
    case .attend(let kernel):
      observer(
        Observation(
          .attention, layer: kernel.layer, rows: step.rows, inputs: kernel.input.observed,
          results: kernel.output.observed))
    default: break
    }
  }
}

extension StepBuffer {
  fileprivate var observed: Observation.Rows { Observation.Rows(values, width: width) }
}
