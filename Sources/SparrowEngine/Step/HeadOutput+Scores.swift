internal import CSparrowKernels
internal import SparrowSparsity

/// Log-probabilities of complete logits, in nats. Sums have one order, so that their bits repeat.
extension HeadOutput {
  /// A token and its log-probability.
  package struct Score: Sendable, Equatable {
    package let token: Int32
    package let logProbability: Float
  }

  /// The logarithm of the sum of the exponentials of all logits.
  package var logSumExp: Float {
    precondition(isComplete, "candidates lack most of the sum")
    return sk_log_sum_exp(logits.baseAddress, Int32(logits.count))
  }

  package func logProbability(of token: Int32) -> Float { logits[Int(token)] - logSumExp }

  /// The tokens with the largest logits, largest first and equal ones by token, with the bits that
  /// `logProbability(of:)` gives. O(vocabulary) on average.
  package func likeliest(_ count: Int) -> [Score] {
    let count = min(count, logits.count)
    guard count > 0 else { return [] }
    let total = logSumExp
    var ranked = Array(logits)
    let floor = ranked.withUnsafeMutableBufferPointer { largest(count, of: $0) }
    return logits.indices.filter { logits[$0] >= floor }
      .sorted { (logits[$1], $0) < (logits[$0], $1) }.prefix(count)
      .map { Score(token: Int32($0), logProbability: logits[$0] - total) }
  }
}
