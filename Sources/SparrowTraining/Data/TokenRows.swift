package import SparrowCore

/// A store cut into rows of one length: each token but the first is a target of exactly one
/// position.
///
/// Rows cut documents where they happen to; what the last row lacks is filled up and never learnt.
package struct TokenRows: Sendable {
  package let store: TokenStore
  /// Positions of a row that are predicted; a row has one token more, the next row's first.
  package let length: Int

  /// Throws `.argument` for an impossible length.
  package init(_ store: TokenStore, length: Int) throws(SparrowError) {
    guard (1...1 << 24).contains(length) else {
      throw SparrowError(
        .argument, field: "length", found: "\(length)", expected: "1 to \(1 << 24) tokens")
    }
    self.store = store
    self.length = length
  }

  /// Rows, at least one.
  package var count: Int { (store.count - 2) / length + 1 }

  /// Some rows as a batch, in the given order. Throws `.malformed` where the file was damaged.
  package func batch(_ rows: some Sequence<Int>) throws(SparrowError) -> TokenBatch {
    let rows = Array(rows)
    var batch = TokenBatch(count: rows.count, length: length)
    batch.tokens.reserveCapacity(rows.count * (length + 1))
    batch.mask.reserveCapacity(rows.count * length)
    batch.starts.reserveCapacity(rows.count * length)
    for row in rows { try append(row, to: &batch) }
    return batch
  }

  private func append(_ row: Int, to batch: inout TokenBatch) throws(SparrowError) {
    precondition((0..<count).contains(row), "a row of the store")
    // The stream ends with an end-of-text token, which fills up the last row too.
    let filler = PackedToken(
      try store.token(at: store.count - 1).id, isLearnt: false, startsDocument: false)
    var start: Int32 = 0
    for position in 0...length {
      let place = row * length + position
      let token = place < store.count ? try store.token(at: place) : filler
      batch.tokens.append(token.id)
      if position > 0 { batch.mask.append(token.isLearnt) }
      if token.startsDocument { start = Int32(position) }
      if position < length { batch.starts.append(start) }
    }
  }
}

/// Rows of tokens for one step.
package struct TokenBatch: Sendable, Equatable {
  /// Rows.
  package let count: Int
  /// Positions of a row that are predicted.
  package let length: Int
  /// `[count, length + 1]`: inputs are all but a row's last, targets all but its first.
  package internal(set) var tokens: [Int32] = []
  /// `[count, length]`: whether the loss counts the target of a position. At the ends of documents,
  /// in conversations outside the answers, and behind the text's end it does not.
  package internal(set) var mask: [Bool] = []
  /// `[count, length]`: the position in its row at which an input's document begins, ascending.
  /// Attention that must not see other documents looks at positions from there to its own;
  /// attention that may, as GPT-3's (section 2.2), has no use for it.
  package internal(set) var starts: [Int32] = []

  /// Positions that the loss counts.
  package var learnt: Int { mask.count { $0 } }
}
