/// The last tokens of a sequence: a ring of fixed size and, beside it, the distinct ones in
/// ascending order.
///
/// The order lets a scan over ascending vocabulary rows find them by merging, without a table as
/// large as the vocabulary. Nothing is allocated after the start. Adding a token costs O(window) at
/// worst.
struct RecentTokens {
  private let window: Int
  private var ring: [Int32] = []
  private var next = 0
  /// The distinct tokens, ascending.
  private(set) var distinct: [Int32] = []
  /// How often each of `distinct` is in the ring.
  private var counts: [Int32] = []

  init(window: Int) {
    self.window = window
    ring.reserveCapacity(window)
    distinct.reserveCapacity(window)
    counts.reserveCapacity(window)
  }

  mutating func append(_ token: Int32) {
    guard window > 0 else { return }
    if ring.count < window {
      ring.append(token)
    } else {
      remove(ring[next])
      ring[next] = token
      next = next + 1 == window ? 0 : next + 1
    }
    let at = position(of: token)
    if at < distinct.count, distinct[at] == token {
      counts[at] += 1
    } else {
      distinct.insert(token, at: at)
      counts.insert(1, at: at)
    }
  }

  mutating func removeAll() {
    ring.removeAll(keepingCapacity: true)
    distinct.removeAll(keepingCapacity: true)
    counts.removeAll(keepingCapacity: true)
    next = 0
  }

  private mutating func remove(_ token: Int32) {
    let at = position(of: token)
    counts[at] -= 1
    if counts[at] == 0 {
      distinct.remove(at: at)
      counts.remove(at: at)
    }
  }

  /// Where `token` is, or would be, in `distinct`.
  private func position(of token: Int32) -> Int {
    var low = 0
    var high = distinct.count
    while low < high {
      let middle = (low + high) / 2
      if distinct[middle] < token { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
