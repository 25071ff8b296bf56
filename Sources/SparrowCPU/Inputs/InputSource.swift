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
