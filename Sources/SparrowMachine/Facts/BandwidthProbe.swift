internal import CSparrowKernels
internal import CSparrowSystem
package import SparrowCore

/// Plain reads of memory that no cache holds: the ceiling of decoding.
package final class BandwidthProbe {
  private let memory: UnsafeMutableRawPointer
  private let bytes: Int

  /// Throws `.system` without memory.
  package init(bytes: Int) throws(SparrowError) {
    guard let memory = ss_map_memory(bytes) else {
      throw SparrowError(.system, found: "no memory for \(bytes) bytes of bandwidth probe")
    }
    self.memory = memory
    self.bytes = bytes
    ss_advise_huge(memory, bytes)
    // Pages that were never written all read one page of zeros.
    for offset in stride(from: 0, to: bytes, by: 4096) {
      memory.storeBytes(of: offset, toByteOffset: offset, as: Int.self)
    }
  }

  deinit { munmap(memory, bytes) }

  /// Bytes a second of one pass by all workers.
  package func measure(_ pool: WorkerPool) -> Double {
    let start = monotonicSeconds()
    pool.run { worker in
      let share = worker.share(of: bytes, unit: 4096)
      _ = sk_read_sum(memory + share.lowerBound, share.count)
    }
    return Double(bytes) / (monotonicSeconds() - start)
  }

  /// The best of the passes that fit into `seconds`, at least one.
  package func best(_ pool: WorkerPool, within seconds: Double) -> Double {
    let end = monotonicSeconds() + seconds
    var best = 0.0
    repeat { best = max(best, measure(pool)) } while monotonicSeconds() < end
    return best
  }
}
