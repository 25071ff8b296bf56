#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

extension HeadOutput {
  /// The logarithm of the sum of the exponentials of all logits, summed in order.
  package var logSumExp: Float {
    let top = logits.reduce(-Float.infinity) { max($0, $1) }
    return top + Float(log(logits.reduce(0.0) { $0 + Double(expf($1 - top)) }))
  }

  /// A token's log-probability, of dense logits.
  package func logProbability(of token: Int32) -> Float { logits[Int(token)] - logSumExp }

  /// The tokens with the largest logits, largest first; equal ones by token.
  package func likeliest(_ count: Int) -> [Int32] {
    Array(
      logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }.prefix(count).map { Int32($0) })
  }
}
