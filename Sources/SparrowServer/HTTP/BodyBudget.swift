import Synchronization

/// Memory for the bodies of all requests together.
///
/// A body's beginning is not counted: whatever large requests do, small ones are let in. The limit
/// of connections bounds those.
final class BodyBudget: Sendable {
  private let limit: Int
  private let used = Mutex(0)

  /// Bytes at a body's beginning that are not counted.
  static let free = 64 << 10

  /// Bytes that are counted, at most.
  init(limit: Int) { self.limit = limit }

  /// Takes memory for a body that grows; false where too little is left.
  func grow(from count: Int, to newCount: Int) -> Bool {
    let more = Self.counted(newCount) - Self.counted(count)
    return used.withLock { used in
      guard used + more <= limit else { return false }
      used += more
      return true
    }
  }

  /// A body is let go.
  func release(_ count: Int) { used.withLock { $0 -= Self.counted(count) } }

  private static func counted(_ count: Int) -> Int { max(count - free, 0) }
}
