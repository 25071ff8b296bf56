/// What went through a dense operation of one layer in a step; valid while the observer runs.
package struct Observation {
  package enum Subject: Sendable {
    /// The result is what the output matrix reads, `[heads][headDimension]`.
    case attention
    /// The result is the neurons' activations, `[neurons]`.
    case feedForward
  }

  package let subject: Subject
  package let layer: Int
  package let rows: Int
  private let inputs: Rows
  private let results: Rows

  /// Rows of float32, `width` elements apart.
  package struct Rows {
    let values: UnsafePointer<Float>
    let width: Int

    package init(_ values: UnsafePointer<Float>, width: Int) {
      self.values = values
      self.width = width
    }
  }

  package init(_ subject: Subject, layer: Int, rows: Int, inputs: Rows, results: Rows) {
    self.subject = subject
    self.layer = layer
    self.rows = rows
    self.inputs = inputs
    self.results = results
  }

  /// What the operation's matrices read, after its norm, `[hidden]`.
  package func input(row: Int) -> UnsafePointer<Float> { inputs.values + row * inputs.width }

  package func result(row: Int) -> UnsafePointer<Float> { results.values + row * results.width }
}
