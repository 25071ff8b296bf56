import SparrowCore

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
