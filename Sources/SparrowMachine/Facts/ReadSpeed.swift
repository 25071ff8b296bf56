internal import SparrowCore

/// How fast this process reads memory, which bounds decoding.
struct ReadSpeed {
  var threads: Int
  /// Bytes a second; nil where memory was too scarce to measure.
  var one: Double?
  var all: Double?

  /// Takes about a second.
  static func measure(threads: Int, memory: MemoryFacts) -> ReadSpeed {
    var result = ReadSpeed(threads: threads)
    // More than caches hold, but a quarter of what is free at most.
    let bytes = min(1 << 29, (memory.usable ?? 1 << 29) / 4) & ~4095
    guard bytes >= 1 << 26, let probe = try? BandwidthProbe(bytes: bytes),
      let one = try? WorkerPool(count: 1), let all = try? WorkerPool(count: threads)
    else { return result }
    result.one = probe.best(one, within: 0.4)
    result.all = threads == 1 ? result.one : probe.best(all, within: 0.4)
    return result
  }

  var finding: Finding {
    func text(_ speed: Double) -> String { Quantity.bytes(speed) + "/s" }
    let value: JSON = [
      "one_thread_bytes_per_second": one.map(JSON.number) ?? .null,
      "all_threads_bytes_per_second": all.map(JSON.number) ?? .null,
      "threads": .integer(threads),
    ]
    guard let one, let all else {
      return Finding("reads", "not measured: too little memory is free", value)
    }
    return Finding(
      "reads",
      "\(text(one)) with 1 thread" + (threads > 1 ? ", \(text(all)) with \(threads)" : ""), value)
  }
}
