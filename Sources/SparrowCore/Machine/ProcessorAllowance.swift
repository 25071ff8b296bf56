internal import CSparrowSystem

/// The processors that this process may keep busy.
package struct ProcessorAllowance: Sendable, Equatable {
  /// Processors of its affinity mask.
  package var affinity: Int
  /// Processors' worth of time that its control groups grant; nil for no limit.
  package var quota: Double?

  package init(affinity: Int, quota: Double?) {
    self.affinity = affinity
    self.quota = quota
  }

  /// What holds now.
  package static func current() -> ProcessorAllowance {
    ProcessorAllowance(
      affinity: max(1, Int(ss_processors())), quota: ControlGroups().processorQuota)
  }

  /// Threads that can work at once: a quota's broken part is worth a thread of its own.
  package var threads: Int {
    guard let quota, quota < Double(affinity) else { return affinity }
    return max(1, Int(quota.rounded(.up)))
  }

  /// What to tell who asked for more threads than can work at once; nil for as many or fewer.
  package func warning(threads asked: Int) -> String? {
    guard asked > threads else { return nil }
    let reason =
      threads < affinity
      ? "a quota of \(Quantity.fixed(quota ?? 0, 2)) processors" : "\(affinity) processors"
    return "\(asked) threads share \(reason) and wait for each other: \(threads) would be faster"
  }
}

/// Threads that can work at once in this process: its processors, or as many as its quota is worth.
package func availableProcessors() -> Int { ProcessorAllowance.current().threads }
