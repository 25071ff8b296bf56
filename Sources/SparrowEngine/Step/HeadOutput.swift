internal import CSparrowKernels

/// Logits of one row: of all vocabulary rows, of a sparse vocabulary head's candidates, or the
/// greatest ones of a dense head.
///
/// Valid until the backend's next step or output; dense logits that are asked for meanwhile leave
/// those of candidates as they are.
package struct HeadOutput {
  /// The row of the step.
  package let row: Int
  /// The vocabulary rows of `logits`, ascending; nil when they are all rows from 0.
  package let ids: UnsafeBufferPointer<Int32>?
  package let logits: UnsafeBufferPointer<Float>
  /// A sparse head was in doubt and computed all logits.
  package let fellBack: Bool
  /// These are a dense head's greatest logits: all others are numbers below them, or equal to the
  /// least with higher ids, or no numbers.
  package let areGreatest: Bool

  package init(
    row: Int, ids: UnsafeBufferPointer<Int32>? = nil, logits: UnsafeBufferPointer<Float>,
    fellBack: Bool = false, areGreatest: Bool = false
  ) {
    self.row = row
    self.ids = ids
    self.logits = logits
    self.fellBack = fellBack
    self.areGreatest = areGreatest
  }

  /// Whether these are the logits of the whole vocabulary, not of candidates alone.
  package var isComplete: Bool { ids == nil }

  /// The greedy token.
  package var top: Int32 {
    let best = sk_argmax(logits.baseAddress, Int32(logits.count))
    return ids.map { $0[Int(best)] } ?? best
  }
}
