package import SparrowTransformer

/// What one part of a sparse layer touches for a row of a step.
package struct Selected: Sendable, Equatable {
  package enum Part: Sendable, Hashable {
    /// Neurons; where a second stage chooses among them, its candidates.
    case network
    /// Head groups.
    case attention
    /// The elements of an input that its matrices read.
    case inputs(LayerInput)
  }

  package let part: Part
  package let layer: Int
  package let row: Int
  /// Ascending.
  package let indices: [Int32]

  package init(_ part: Part, layer: Int, row: Int, indices: [Int32]) {
    self.part = part
    self.layer = layer
    self.row = row
    self.indices = indices
  }
}
