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

  /// The groups that one of the two selects, in O(count of both).
  public func union(_ other: Selection) -> Selection {
    requireSameGroups(other)
    var merged: [Int32] = []
    merged.reserveCapacity(indices.count + other.indices.count)
    var (mine, theirs) = (0, 0)
    while mine < indices.count || theirs < other.indices.count {
      let left = mine < indices.count ? indices[mine] : .max
      let right = theirs < other.indices.count ? other.indices[theirs] : .max
      merged.append(min(left, right))
      if left <= right { mine += 1 }
      if right <= left { theirs += 1 }
    }
    return Selection(ascending: merged, groups: groups, groupSize: groupSize)
  }

  /// The groups that any sample of a batch selects, in O(groups + all counts); nil for no samples.
  ///
  /// A batch reads weights once for all its samples (Deja Vu, arXiv 2310.17157, figure 8); HiRE's adaptive
  /// sparsity takes the same union over the samples of one query (arXiv 2402.09360).
  public static func union(of samples: [Selection]) -> Selection? {
    guard let first = samples.first else { return nil }
    var isSelected = [Bool](repeating: false, count: first.groups)
    for sample in samples {
      first.requireSameGroups(sample)
      for index in sample.indices { isSelected[Int(index)] = true }
    }
    let indices = isSelected.indices.lazy.filter { isSelected[$0] }.map { Int32($0) }
    return Selection(ascending: Array(indices), groups: first.groups, groupSize: first.groupSize)
  }

  private func requireSameGroups(_ other: Selection) {
    precondition(
      groups == other.groups && groupSize == other.groupSize,
      "\(other.groups) groups of \(other.groupSize) beside \(groups) of \(groupSize)")
  }
}
