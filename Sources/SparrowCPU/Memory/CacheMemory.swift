internal import CSparrowSystem
import SparrowCore
import SparrowEngine
import SparrowTransformer

/// One sequence's keys and values, `[layer][key or value][head][position][headDimension]`.
///
/// Address space for all positions is reserved at once; pages become resident when positions are
/// filled, so nothing allocates during decode and memory follows the sequence's length.
final class CacheMemory: SequenceMemory {
  /// What `AttentionShape.planes` divides.
  let values: UnsafeMutableRawPointer
  /// What heads that were skipped still lack; nil before the first sparse step.
  var deferred: DeferredKeys?
  private let byteCount: Int

  /// Throws `.system` when the address space cannot be reserved.
  init(_ model: ModelConfiguration, capacity: Int, type: CacheType) throws(SparrowError) {
    let (total, overflow) = capacity.multipliedReportingOverflow(
      by: model.cacheElementsPerToken * type.bytes)
    guard !overflow, let memory = ss_map_memory(max(total, 2)) else {
      throw SparrowError(
        .system, field: "context", found: "no memory for a cache of \(capacity) positions",
        expected: "a smaller context")
    }
    values = memory
    byteCount = max(total, 2)
  }

  deinit { munmap(values, byteCount) }

  func truncate(to count: Int) { deferred?.truncate(to: count) }

  func release() { ss_release(values, byteCount) }
}

extension SequenceState {
  /// The memory of a sequence that this backend made.
  var cache: CacheMemory {
    guard let cache = memory as? CacheMemory else {
      preconditionFailure("a sequence of another backend")
    }
    return cache
  }
}
