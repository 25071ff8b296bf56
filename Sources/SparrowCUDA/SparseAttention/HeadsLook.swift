import SparrowCore
import SparrowEngine

/// Shows probes which head groups rows touch.
struct HeadsLook: Sendable {
  private let layer: Int
  private let chosen: DeviceLists
  private let context: CUDAContext

  init(_ layer: Int, _ chosen: DeviceLists, _ context: CUDAContext) {
    self.layer = layer
    self.chosen = chosen
    self.context = context
  }

  func look(_ shape: StepShape, _ probes: StepProbes) throws(SparrowError) {
    guard probes.audit != nil || probes.selections != nil else { return }
    for row in 0..<shape.rows {
      let selected = try chosen.read(row, in: context)
      probes.selections?(Selected(.attention, layer: layer, row: row, indices: selected))
    }
  }
}
