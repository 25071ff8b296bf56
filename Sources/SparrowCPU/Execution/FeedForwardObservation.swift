import SparrowCore

/// What went through one layer's dense feed-forward network in a step; valid while the observer runs.
package struct FeedForwardObservation {
  package let layer: Int
  package let rows: Int
  private let input: StepBuffer
  private let activations: StepBuffer

  /// The network's input after its norm, `[hidden]`.
  package func input(row: Int) -> UnsafePointer<Float> { UnsafePointer(input.row(row)) }
  /// The neurons' activations, `[neurons]`.
  package func activations(row: Int) -> UnsafePointer<Float> {
    UnsafePointer(activations.row(row))
  }

  init(layer: Int, rows: Int, input: StepBuffer, activations: StepBuffer) {
    self.layer = layer
    self.rows = rows
    self.input = input
    self.activations = activations
  }
}

extension FeedForwardKernel {
  func observation(_ step: StepState) -> FeedForwardObservation {
    FeedForwardObservation(layer: layer, rows: step.rows, input: input.buffer, activations: neurons)
  }
}
