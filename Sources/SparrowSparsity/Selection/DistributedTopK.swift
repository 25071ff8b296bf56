public import SparrowCore

/// DA-TOP-k: top-k over groups that several machines share out, without comparing scores between
/// them.
///
/// Each of s shards takes k'/s candidates by approximate score and keeps k/s of them by exact
/// score; the result is the shards' results side by side. One shard is HiRE's algorithm 1. The
/// paper prints S' for the set that the exact scores are computed on; a shard's own S'_i is meant,
/// since a union would need an exchange between the stages. Source: HiRE, arXiv 2402.09360,
/// algorithm 2.
public struct DistributedTopK: Sendable, Equatable {
  public let shards: Int
  /// k', over all shards.
  public let candidates: Int
  /// k, over all shards.
  public let kept: Int

  /// Throws `.argument` for no shards, k below 0 and k' below k.
  public init(shards: Int, candidates: Int, kept: Int) throws(SparrowError) {
    func refuse(_ field: String, _ found: Int, _ expected: String) -> SparrowError {
      SparrowError(.argument, field: field, found: "\(found)", expected: expected)
    }
    guard shards >= 1 else { throw refuse("shards", shards, "1 or more") }
    guard kept >= 0 else { throw refuse("kept", kept, "0 or more") }
    guard candidates >= kept else { throw refuse("candidates", candidates, "\(kept) or more") }
    self.shards = shards
    self.candidates = candidates
    self.kept = kept
  }

  /// A shard's part of `total`; the first shards take one more each until the parts sum to it.
  public func part(of total: Int, shard: Int) -> Int {
    precondition((0..<shards).contains(shard), "shard \(shard) of \(shards)")
    return total / shards + (shard < total % shards ? 1 : 0)
  }

  /// The groups of each shard when they are dealt in equal runs, as tensor parallelism splits rows.
  public func ranges(groups: Int) -> [Range<Int>] {
    var start = 0
    return (0..<shards).map { shard in
      defer { start += part(of: groups, shard: shard) }
      return start..<start + part(of: groups, shard: shard)
    }
  }

  /// What one machine does: its kept groups, counted from its own first.
  ///
  /// - Parameters:
  ///   - approximate: `[groups of the shard]`.
  ///   - exact: scores of the candidates, in their order; called once. A shard with fewer groups
  ///     than
  ///     its part gives what it has, and no other makes up for it.
  public func select(
    shard: Int, approximate: [Float], groupSize: Int = 1, exact: (Selection) -> [Float]
  ) -> Selection {
    let found = Selector.topK(part(of: candidates, shard: shard))
      .select(approximate, groupSize: groupSize)
    let scores = exact(found)
    precondition(scores.count == found.count, "an exact score for each candidate")
    let best = Selector.topK(part(of: kept, shard: shard)).select(scores)
    return Selection(
      ascending: best.indices.map { found.indices[Int($0)] }, groups: approximate.count,
      groupSize: groupSize)
  }

  /// The shards' selections side by side, counted from the first shard's first group.
  public func joined(_ parts: [Selection]) -> Selection {
    precondition(parts.count == shards, "\(parts.count) parts of \(shards) shards")
    var indices: [Int32] = []
    var start: Int32 = 0
    for part in parts {
      precondition(part.groupSize == parts[0].groupSize, "shards with groups of other sizes")
      indices += part.indices.map { $0 + start }
      start += Int32(part.groups)
    }
    return Selection(ascending: indices, groups: Int(start), groupSize: parts[0].groupSize)
  }

  /// All shards in turn, over scores of all groups, `[groups]`, dealt by `ranges`.
  public func select(
    approximate: [Float], exact: [Float], groupSize: Int = 1
  ) -> Selection {
    precondition(approximate.count == exact.count, "two scores for each group")
    let parts = ranges(groups: exact.count).enumerated().map { shard, range in
      select(shard: shard, approximate: Array(approximate[range]), groupSize: groupSize) { found in
        found.indices.map { exact[range.lowerBound + Int($0)] }
      }
    }
    return joined(parts)
  }
}
