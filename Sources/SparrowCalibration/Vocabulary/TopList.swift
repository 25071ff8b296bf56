/// The entries with the greatest keys of a stream, each with a second number.
struct TopList {
  private let capacity: Int
  /// More than `capacity` until `shrink`.
  private(set) var entries: [(key: Float, other: Float)] = []
  /// Keys below this cannot be among the greatest any more.
  private(set) var floor = -Float.infinity

  init(capacity: Int) {
    self.capacity = capacity
    entries.reserveCapacity(2 * capacity)
  }

  mutating func add(key: Float, other: Float) {
    entries.append((key, other))
    if entries.count == 2 * capacity { shrink() }
  }

  /// Sorts, greatest key first, and drops all but `capacity`.
  mutating func shrink() {
    entries.sort { $0.key > $1.key }
    if entries.count > capacity { entries.removeLast(entries.count - capacity) }
    if entries.count == capacity, let last = entries.last { floor = last.key }
  }
}
