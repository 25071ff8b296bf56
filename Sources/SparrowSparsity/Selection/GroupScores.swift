/// The L1 norm of each group's activations: HiRE's score of a group (arXiv 2402.09360, equation 6).
///
/// - Parameters:
///   - activations: `[groups * groupSize]`, after the activation function.
///   - scores: `[groups]`, written.
package func groupScores(
  _ activations: UnsafeBufferPointer<Float>, groupSize: Int,
  into scores: UnsafeMutableBufferPointer<Float>
) {
  precondition(
    groupSize > 0 && activations.count == scores.count * groupSize,
    "\(activations.count) activations in \(scores.count) groups of \(groupSize)")
  for group in scores.indices {
    var sum: Float = 0
    for index in group * groupSize..<(group + 1) * groupSize { sum += abs(activations[index]) }
    scores[group] = sum
  }
}

/// The L1 norm of each group's activations, `[groups]`, for `activations` `[groups * groupSize]`.
package func groupScores(_ activations: [Float], groupSize: Int) -> [Float] {
  var scores = [Float](repeating: 0, count: activations.count / groupSize)
  activations.withUnsafeBufferPointer { activations in
    scores.withUnsafeMutableBufferPointer {
      groupScores(activations, groupSize: groupSize, into: $0)
    }
  }
  return scores
}
