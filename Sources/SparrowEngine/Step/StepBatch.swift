/// What one step runs: tokens of sequences, and how.
///
/// A batch may be kept and changed from step to step, so that decoding allocates nothing.
package struct StepBatch {
  /// What the tokens are to their sequences.
  package enum Phase: Sendable {
    /// Given text, of any length: its layers are dense under every plan, since many rows touch
    /// nearly all neurons. The head of its last row is the plan's.
    case prompt
    /// One new token of each sequence: sparse where the plan is.
    case decode
  }

  /// The rows of one sequence: adjacent, at the positions after those that it has.
  package struct Slice {
    package var sequence: SequenceState
    package var rows: Int

    package init(_ sequence: SequenceState, rows: Int) {
      self.sequence = sequence
      self.rows = rows
    }
  }

  package var phase: Phase
  /// `[rows]`, those of the first slice first; all in the vocabulary.
  package var tokens: [Int32]
  package var slices: [Slice]
  /// Runs the dense program, layers and head, though the plan is sparse.
  package var isDense: Bool
  /// What looks at the step.
  package var probes: StepProbes?

  /// Tokens of one sequence's text.
  package static func prompt(
    _ tokens: some Sequence<Int32>, of sequence: SequenceState, isDense: Bool = false,
    probes: StepProbes? = nil
  ) -> StepBatch {
    let tokens = Array(tokens)
    return StepBatch(
      phase: .prompt, tokens: tokens, slices: [Slice(sequence, rows: tokens.count)],
      isDense: isDense, probes: probes)
  }

  /// The next token of each sequence: row i is `tokens[i]` of `sequences[i]`.
  package static func decode(
    _ tokens: [Int32], of sequences: [SequenceState], isDense: Bool = false,
    probes: StepProbes? = nil
  ) -> StepBatch {
    precondition(tokens.count == sequences.count, "a token for each sequence")
    return StepBatch(
      phase: .decode, tokens: tokens, slices: sequences.map { Slice($0, rows: 1) },
      isDense: isDense, probes: probes)
  }
}
