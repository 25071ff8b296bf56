import SparrowTransformer

/// Which input of which layer's matrices a kernel reads.
struct InputSource: BitwiseCopyable, Hashable {
  let layer: Int
  let input: LayerInput

  /// Where a profile counts its matrices.
  var part: StepProfile.Part {
    switch input {
    case .attention, .output: .attention
    case .feedForward, .down: .feedForward
    }
  }
}

extension InputSource {
  /// What a matrix of a layer reads; nil outside of layers.
  init?(_ matrix: WeightRole.Kind, _ layer: Int?) {
    guard let layer, let input = LayerInput.allCases.first(where: { $0.matrices.contains(matrix) })
    else { return nil }
    self.init(layer: layer, input: input)
  }
}
