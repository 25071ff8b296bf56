package import Sparrow
package import SparrowEngine
import SparrowCore

/// Kullback-Leibler divergence KL(p || q) in nats of the softmaxes of two rows of logits,
/// `[vocabulary]`.
///
/// Takes the logarithms of both softmaxes' denominators; sums in double precision.
package func divergence(
  _ p: UnsafeBufferPointer<Float>, total pTotal: Float, _ q: UnsafeBufferPointer<Float>,
  total qTotal: Float
) -> Double {
  precondition(p.count == q.count, "rows of one vocabulary")
  var sum = 0.0
  for index in 0..<p.count {
    // A logit of minus infinity on both sides adds nothing; of q alone, infinity.
    let weight = exponential(p[index] - pTotal)
    if weight > 0 { sum += Double(weight) * Double(p[index] - q[index]) }
  }
  return sum - Double(pTotal - qTotal)
}

extension Model {
  /// Logits of the whole vocabulary for the step that gave `output`: its own where they are all
  /// there, else the dense head's over the same hidden state.
  ///
  /// For use inside the step's turn.
  package func bodyLogits(_ output: HeadOutput) -> HeadOutput { backend.complete(output) }
}
