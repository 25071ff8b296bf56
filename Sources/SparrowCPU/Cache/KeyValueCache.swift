internal import CSparrowSystem
package import SparrowCore
package import SparrowTransformer

/// One sequence's keys and values, float16, `[layer][key or value][head][position][headDimension]`.
///
/// Address space for all positions is reserved at once; pages become resident when positions are filled,
/// so nothing allocates during decode and memory follows the sequence's length.
package final class KeyValueCache: @unchecked Sendable {
  /// Positions it has room for.
  package let capacity: Int
  /// Positions filled: the next token's position.
  package var count = 0
  private let base: UnsafeMutablePointer<UInt16>
  private let byteCount: Int

  /// Throws `.system` when the address space cannot be reserved, `.argument` for a capacity below 1.
  package init(_ model: ModelConfiguration, capacity: Int) throws(SparrowError) {
    guard capacity >= 1 else {
      throw SparrowError(
        .argument, field: "context", found: "\(capacity)", expected: "at least 1 position")
    }
    self.capacity = capacity
    let (total, overflow) = capacity.multipliedReportingOverflow(by: model.cacheBytesPerToken)
    guard !overflow, let memory = ss_map_memory(max(total, 2)) else {
      throw SparrowError(
        .system, field: "context", found: "no memory for a cache of \(capacity) positions",
        expected: "a smaller context")
    }
    base = memory.assumingMemoryBound(to: UInt16.self)
    byteCount = max(total, 2)
  }

  deinit { munmap(base, byteCount) }

  /// Forgets all positions and gives their memory back.
  package func clear() {
    count = 0
    ss_release(base, byteCount)
  }

  /// Forgets the positions from `position` on.
  package func truncate(to position: Int) {
    precondition((0...count).contains(position))
    count = position
  }

  /// The whole cache's memory, which `AttentionShape.planes` divides.
  var memory: UnsafeMutablePointer<UInt16> { base }
}
