package import SparrowCore

/// Gives batch after batch without end, each epoch in an order of its own.
///
/// What it gives depends on the store, the length, the seed and the position alone, so that a
/// reader which begins at a saved position goes on as if nothing had happened, even with another
/// batch or number of ranks. Each step takes the next `batch * ranks` rows, a rank every `ranks`-th
/// of them; where an epoch ends, a batch goes on with the next one, so that no row is left out.
package struct BatchReader: Sendable {
  /// How many rows were given: to be saved with a checkpoint.
  package struct Position: Codable, Sendable, Equatable {
    package var epoch = 0
    /// Rows of the epoch, over all ranks.
    package var index = 0

    package init(epoch: Int = 0, index: Int = 0) {
      self.epoch = epoch
      self.index = index
    }
  }

  package let rows: TokenRows
  /// Rows a step and rank.
  package let batch: Int
  package let seed: UInt64
  package let rank: Int
  package let ranks: Int
  /// Of the first row that is yet to be given; the same in all ranks.
  package private(set) var position: Position
  private var order: RowOrder

  /// Throws `.argument` for an impossible batch or rank, `.mismatch` for a position that these rows
  /// do not have.
  package init(
    _ rows: TokenRows, batch: Int, seed: UInt64, rank: Int = 0, of ranks: Int = 1,
    from position: Position = Position()
  ) throws(SparrowError) {
    guard (1...1 << 20).contains(batch) else {
      throw SparrowError(
        .argument, field: "batch", found: "\(batch)", expected: "1 to \(1 << 20) rows")
    }
    guard (1...1 << 20).contains(ranks), (0..<ranks).contains(rank) else {
      throw SparrowError(
        .argument, field: "rank", found: "\(rank) of \(ranks)", expected: "a rank below the number")
    }
    guard rows.count <= UInt32.max else {
      throw SparrowError(
        .argument, file: rows.store.path, field: "length", found: "\(rows.count) rows",
        expected: "at most \(UInt32.max)")
    }
    guard position.epoch >= 0, (0..<rows.count).contains(position.index) else {
      throw SparrowError(
        .mismatch, file: rows.store.path, field: "position",
        found: "row \(position.index) of epoch \(position.epoch)",
        expected: "a row below \(rows.count): the text or the length has changed")
    }
    self.rows = rows
    self.batch = batch
    self.seed = seed
    self.rank = rank
    self.ranks = ranks
    self.position = position
    order = RowOrder(count: rows.count, seed: seed, epoch: position.epoch)
  }

  /// This rank's next batch, `batch` rows. Throws `.malformed` where the store's file was damaged.
  package mutating func next() throws(SparrowError) -> TokenBatch {
    var chosen: [Int] = []
    chosen.reserveCapacity(batch)
    for index in 0..<batch * ranks {
      if order.epoch != position.epoch {
        order = RowOrder(count: rows.count, seed: seed, epoch: position.epoch)
      }
      if index % ranks == rank { chosen.append(order[position.index]) }
      position.index += 1
      if position.index == rows.count { position = Position(epoch: position.epoch + 1) }
    }
    return try rows.batch(chosen)
  }
}

/// The order in which an epoch reads the rows: a permutation by seed and epoch alone.
struct RowOrder: Sendable {
  let epoch: Int
  private let rows: [UInt32]

  /// Fisher and Yates's shuffle (Durstenfeld 1964), written out: the standard library's may change.
  init(count: Int, seed: UInt64, epoch: Int) {
    var random = SeededRandom(seed: seed)
    // Epochs of one seed must differ from epochs of its neighbours.
    random = SeededRandom(seed: random.next() &+ UInt64(epoch))
    var rows = Array(0..<UInt32(count))
    for last in stride(from: count - 1, to: 0, by: -1) {
      let other = random.next().multipliedFullWidth(by: UInt64(last + 1)).high
      rows.swapAt(last, Int(other))
    }
    self.rows = rows
    self.epoch = epoch
  }

  subscript(index: Int) -> Int { Int(rows[index]) }
}
