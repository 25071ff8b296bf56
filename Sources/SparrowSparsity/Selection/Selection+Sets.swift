extension Selection {
  /// How many groups both select: two samples' dynamic overlap (HiRE, arXiv 2402.09360).
  public func intersectionCount(with other: Selection) -> Int {
    requireSameGroups(other)
    var common = 0
    var (mine, theirs) = (0, 0)
    while mine < indices.count, theirs < other.indices.count {
      let (left, right) = (indices[mine], other.indices[theirs])
      if left == right { common += 1 }
      if left <= right { mine += 1 }
      if right <= left { theirs += 1 }
    }
    return common
  }

  /// Part of `truth` that this selection holds, 0...1; 1 where `truth` is empty.
  public func recall(of truth: Selection) -> Double {
    truth.count > 0 ? Double(intersectionCount(with: truth)) / Double(truth.count) : 1
  }

  private func requireSameGroups(_ other: Selection) {
    precondition(
      groups == other.groups && groupSize == other.groupSize,
      "\(other.groups) groups of \(other.groupSize) beside \(groups) of \(groupSize)")
  }
}
