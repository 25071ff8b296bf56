/// One layer's low-rank maps that were trained, with held-out tokens to measure them on.
package struct TrainedPredictor {
  /// `[rank, hidden]`, `[neurons, rank]` and `[neurons]`; head groups for neurons in attention.
  package var a: [Float]
  package var b: [Float]
  package var bias: [Float]
  /// What the maps read, `[samples, hidden]`, and what they tell of: activations, `[samples,
  /// neurons]`, or head groups' lengths.
  package var inputs: [Float]
  package var targets: [Float]
  /// The inputs are those of the layer before.
  package var isLookahead: Bool

  package init(
    a: [Float], b: [Float], bias: [Float], inputs: [Float], targets: [Float],
    isLookahead: Bool
  ) {
    self.a = a
    self.b = b
    self.bias = bias
    self.inputs = inputs
    self.targets = targets
    self.isLookahead = isLookahead
  }
}
