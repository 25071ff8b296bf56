/// A binary heap of candidate merges: the best rank first, the leftmost among equals.
struct MergeHeap {
  /// Rank in the high half, place in the low half.
  private var keys: [UInt64] = []

  mutating func reset() { keys.removeAll(keepingCapacity: true) }

  /// Adds a candidate without ordering; `order` must follow.
  mutating func append(_ rank: UInt32, _ place: Int32) {
    keys.append(UInt64(rank) << 32 | UInt64(UInt32(bitPattern: place)))
  }

  /// Makes a heap of what was appended, in linear time.
  mutating func order() {
    for index in stride(from: keys.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  mutating func push(_ rank: UInt32, _ place: Int32) {
    append(rank, place)
    var at = keys.count - 1
    let key = keys[at]
    while at > 0, keys[(at - 1) / 2] > key {
      keys[at] = keys[(at - 1) / 2]
      at = (at - 1) / 2
    }
    keys[at] = key
  }

  mutating func pop() -> (rank: UInt32, place: Int32)? {
    guard let best = keys.first, let last = keys.popLast() else { return nil }
    if !keys.isEmpty {
      keys[0] = last
      sink(0)
    }
    return (UInt32(best >> 32), Int32(bitPattern: UInt32(truncatingIfNeeded: best)))
  }

  private mutating func sink(_ start: Int) {
    var at = start
    let key = keys[at]
    while true {
      var child = 2 * at + 1
      guard child < keys.count else { break }
      if child + 1 < keys.count, keys[child + 1] < keys[child] { child += 1 }
      guard keys[child] < key else { break }
      keys[at] = keys[child]
      at = child
    }
    keys[at] = key
  }
}
