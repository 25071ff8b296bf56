/// Rows of tokens for one step.
public struct TokenBatch: Sendable, Equatable {
  /// Rows.
  public let count: Int
  /// Positions of a row that are predicted.
  public let length: Int
  /// `[count, length + 1]`: inputs are all but a row's last, targets all but its first.
  public internal(set) var tokens: [Int32] = []
  /// `[count, length]`: whether the loss counts the target of a position. At the ends of documents, in
  /// conversations outside the answers, and behind the text's end it does not.
  public internal(set) var mask: [Bool] = []
  /// `[count, length]`: the position in its row at which an input's document begins, ascending. Attention
  /// that must not see other documents looks at positions from there to its own; attention that
  /// may, as GPT-3's (section 2.2), has no use for it.
  public internal(set) var starts: [Int32] = []

  /// Positions that the loss counts.
  public var learnt: Int { mask.count { $0 } }
}
