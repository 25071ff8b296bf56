import SparrowCore

/// What went through one layer's dense attention in a step; valid while the observer runs.
package struct AttentionObservation {
  package let layer: Int
  package let rows: Int
  private let input: StepBuffer
  private let attended: StepBuffer

  /// What the projections read, `[hidden]`.
  package func input(row: Int) -> UnsafePointer<Float> { UnsafePointer(input.row(row)) }
  /// The heads' results, which the output matrix reads, `[heads][headDimension]`.
  package func attended(row: Int) -> UnsafePointer<Float> { UnsafePointer(attended.row(row)) }

  init(layer: Int, rows: Int, input: StepBuffer, attended: StepBuffer) {
    self.layer = layer
    self.rows = rows
    self.input = input
    self.attended = attended
  }
}

extension AttendKernel {
  func observation(_ step: StepState) -> AttentionObservation {
    AttentionObservation(layer: layer, rows: step.rows, input: input, attended: output)
  }
}
