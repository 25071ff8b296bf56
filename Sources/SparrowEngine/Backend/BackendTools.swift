package import SparrowSparsity
package import SparrowTransformer

/// What calibrating and auditing ask of a backend, beside its steps: what its own kernels compute
/// of single parts.
package protocol BackendTools: AnyObject, Sendable {
  /// The score of each neuron that a sparse layer's predictor gave the first row of the last step,
  /// where it scores single neurons; empty for a dense layer.
  func neuronScores(layer: Int) -> [Float]

  /// The scores that a vocabulary head's sketch gives states, `[count, hidden]`, as decoding
  /// computes them: `[count, rows]` to `scores`, and each state's |x|² in the sketch's directions
  /// to `energies`. The sketch need not be installed.
  func score(
    _ sketch: RowSketch, states: UnsafePointer<Float>, count: Int,
    scores: UnsafeMutablePointer<Float>, energies: UnsafeMutablePointer<Float>)

  /// What a plan's predictor says of inputs of a layer's network, `[count, hidden]`, as decoding
  /// computes it. The plan need not be installed.
  func predict(
    _ plan: FeedForwardPlan, layer: Int, inputs: UnsafePointer<Float>, count: Int
  ) -> Prediction

  /// An audit of the layers that run sparsely now, which has seen nothing yet.
  func makeAudit() -> StepAudit

  /// Runs one layer alone, to try thresholds of its inputs; without a layer, what stands before the
  /// first.
  func layerRun(_ layer: Int?) -> any LayerRun
}

/// What a layer's predictor says of some inputs of its network.
package struct Prediction {
  /// A score for each neuron, or group where the predictor scores groups: `[inputs][scores]`.
  package let scores: [Float]
  /// The activations that a sketch estimates of all neurons, `[inputs][neurons]`; empty where the
  /// plan leaves the neurons out that are not selected.
  package let estimates: [Float]

  package init(scores: [Float], estimates: [Float]) {
    self.scores = scores
    self.estimates = estimates
  }
}

/// One layer of the dense program with thresholds on its matrices' inputs.
package protocol LayerRun: AnyObject {
  /// Inputs of this size and below are left out; below 0, and of inputs that are not named, nothing
  /// is.
  var thresholds: [LayerInput: Float] { get set }

  /// Runs the tokens of one sequence from its start: `states` to `results`, `[tokens, hidden]`
  /// each, which may be the same.
  ///
  /// The sequence must have room for them; it is left empty.
  func run(
    _ tokens: [Int32], _ sequence: SequenceState, from states: UnsafePointer<Float>,
    to results: UnsafeMutablePointer<Float>)
}
