package import SparrowTransformer

/// What looks at steps and counts: given with a batch, so that others over the same weights go
/// unseen.
package final class StepProbes {
  /// Where steps spend their time; nil where nobody asks.
  package var profile: StepProfile?
  /// Counts what sparse steps touch.
  package let audit: StepAudit?
  /// Sees every dense network's and every dense attention's input and result, while the other
  /// workers wait.
  package let observer: ((Observation) -> Void)?
  /// Sees what sparse steps select, in the order of their operations.
  package let selections: ((Selected) -> Void)?

  package init(
    profile: StepProfile? = nil, audit: StepAudit? = nil,
    observer: ((Observation) -> Void)? = nil, selections: ((Selected) -> Void)? = nil
  ) {
    self.profile = profile
    self.audit = audit
    self.observer = observer
    self.selections = selections
  }
}

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
