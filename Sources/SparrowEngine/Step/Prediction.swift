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
