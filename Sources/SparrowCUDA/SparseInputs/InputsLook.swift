import SparrowCore
import SparrowEngine
import SparrowTransformer

/// Shows probes which inputs of a layer's matrices are large.
struct InputsLook: Sendable {
  private let source: InputSource
  private let chosen: DeviceLists
  private let selecting: Selecting
  private let context: CUDAContext

  init(
    _ source: InputSource, _ chosen: DeviceLists, _ selecting: Selecting, _ context: CUDAContext
  ) {
    self.source = source
    self.chosen = chosen
    self.selecting = selecting
    self.context = context
  }

  func look(_ shape: StepShape, _ probes: StepProbes) throws(SparrowError) {
    guard probes.audit != nil || probes.selections != nil else { return }
    try selecting.launch(shape, counts: false)
    for row in 0..<shape.rows {
      let kept = try chosen.read(row, in: context)
      probes.audit?.note(source, kept: kept)
      probes.selections?(
        Selected(.inputs(source.input), layer: source.layer, row: row, indices: kept))
    }
  }
}
