internal import CSparrowSystem
package import SparrowCore
package import SparrowTransformer

/// How a cache keeps its keys and values.
public enum CacheType: String, Sendable, CaseIterable, BitwiseCopyable {
  case f16
  /// Twice the memory and slower: for comparing with float32 references.
  case f32

  package var bytes: Int { self == .f16 ? 2 : 4 }
}

/// One sequence's keys and values, `[layer][key or value][head][position][headDimension]`.
///
/// Address space for all positions is reserved at once; pages become resident when positions are filled,
/// so nothing allocates during decode and memory follows the sequence's length.
package final class KeyValueCache: @unchecked Sendable {
  /// Positions it has room for.
  package let capacity: Int
  /// Positions filled: the next token's position.
  package var count = 0
  package let type: CacheType
  /// What `AttentionShape.planes` divides.
  let memory: UnsafeMutableRawPointer
  /// What heads that were skipped still lack; nil before the first sparse step.
  var deferred: DeferredKeys?
  /// The tokens of the filled positions, of models whose long sequences turn otherwise: once they
  /// do, all keys are made anew.
  let tokens: UnsafeMutablePointer<Int32>?
  /// The keys turn by the frequencies of long sequences.
  var turnsLong = false
  /// The length that the sequence will reach soon, where it is known: keys then need not be made
  /// twice.
  package var expectedCount = 0
  private let byteCount: Int

  /// Throws `.system` when the address space cannot be reserved, `.argument` for a capacity below 1.
  package init(
    _ model: ModelConfiguration, capacity: Int, type: CacheType = .f16
  ) throws(SparrowError) {
    guard capacity >= 1 else {
      throw SparrowError(
        .argument, field: "context", found: "\(capacity)", expected: "at least 1 position")
    }
    self.capacity = capacity
    let (total, overflow) = capacity.multipliedReportingOverflow(
      by: model.cacheElementsPerToken * type.bytes)
    guard !overflow, let memory = ss_map_memory(max(total, 2)) else {
      throw SparrowError(
        .system, field: "context", found: "no memory for a cache of \(capacity) positions",
        expected: "a smaller context")
    }
    self.type = type
    self.memory = memory
    tokens = model.longRotaryBeyond == nil ? nil : .allocate(capacity: capacity)
    byteCount = max(total, 2)
  }

  deinit {
    munmap(memory, byteCount)
    tokens?.deallocate()
  }

  /// Forgets all positions and gives their memory back.
  package func clear() {
    truncate(to: 0)
    ss_release(memory, byteCount)
  }

  /// Forgets the positions from `position` on.
  package func truncate(to position: Int) {
    precondition((0...count).contains(position))
    count = position
    deferred?.truncate(to: position)
  }
}
