import SparrowCore
import SparrowSparsity
import Testing

@Suite struct DistributedTopKTests {
  @Test func remaindersAreDealtSoThatPartsSumToTheWhole() throws {
    for shards in 1...9 {
      for (candidates, kept) in [(0, 0), (7, 5), (8, 7), (64, 17)] {
        let top = try DistributedTopK(shards: shards, candidates: candidates, kept: kept)
        let wide = (0..<shards).map { top.part(of: candidates, shard: $0) }
        let narrow = (0..<shards).map { top.part(of: kept, shard: $0) }
        #expect(wide.reduce(0, +) == candidates)
        #expect(narrow.reduce(0, +) == kept)
        #expect(zip(wide, narrow).allSatisfy { $0 >= $1 })
      }
      let ranges = try DistributedTopK(shards: shards, candidates: 1, kept: 1).ranges(groups: 100)
      #expect(ranges.flatMap(Array.init) == Array(0..<100))
    }
  }

  @Test(arguments: ScoreSamples.allCases)
  func oneShardWithGoodScoresIsExact(_ sample: ScoreSamples) throws {
    let scores = sample.scores(300)
    let top = try DistributedTopK(shards: 1, candidates: 40, kept: 20)
    let selection = top.select(approximate: scores, exact: scores)
    #expect(selection == Selector.topK(20).select(scores))
  }

  @Test func eachShardSelectsByItselfAndInTwoStages() throws {
    let top = try DistributedTopK(shards: 2, candidates: 4, kept: 2)
    // The exact scores' best, 9, is no candidate; the other shard's are never compared with it.
    let approximate: [Float] = [5, 4, 1, 0, 0, 1, 2, 3]
    let exact: [Float] = [1, 2, 9, 0, 8, 7, 6, 5]
    #expect(top.select(approximate: approximate, exact: exact).indices == [1, 6])
  }

  @Test func exactScoresAreComputedForCandidatesOnly() throws {
    let top = try DistributedTopK(shards: 3, candidates: 7, kept: 4)
    var asked: [Int32] = []
    let kept = top.select(shard: 0, approximate: [1, 5, 2, 4, 3], groupSize: 8) {
      asked += $0.indices
      return $0.indices.map { Float(-$0) }
    }
    #expect(asked == [1, 3, 4])
    #expect(kept.indices == [1, 3])
    #expect(kept.groupSize == 8)
  }

  @Test(arguments: [2, 4, 8])
  func scoresInAnyOrderLoseLittleRecall(shards: Int) throws {
    let top = try DistributedTopK(shards: shards, candidates: 512, kept: 256)
    var sum = 0.0
    for seed in 0..<20 {
      let scores = ScoreSamples.uniform.scores(2048, seed: UInt64(seed))
      let found = top.select(approximate: scores, exact: scores)
      #expect(found.count == 256)
      sum += found.recall(of: Selector.topK(256).select(scores))
    }
    #expect(sum / 20 > 0.9)
    // A shard is a bucket that keeps k/s, and so the loss is that of bucketed top-k.
    let expected = BucketedRecall(k: 256, buckets: shards, perBucket: 256 / shards, groups: 2048)
    #expect(abs(sum / 20 - expected.value) < 0.01)
  }

  @Test(arguments: [2, 4, 8])
  func sortedScoresLoseAllButOneShardsPart(shards: Int) throws {
    let scores = ScoreSamples.falling.scores(2048)
    let found = try DistributedTopK(shards: shards, candidates: 256, kept: 256)
      .select(approximate: scores, exact: scores)
    #expect(found.recall(of: Selector.topK(256).select(scores)) == 1 / Double(shards))
  }

  @Test(arguments: ScoreSamples.allCases)
  func theTopKLiesInTheUnionWhenEveryShardKeepsK(_ sample: ScoreSamples) throws {
    for shards in [1, 2, 3, 7] {
      let scores = sample.scores(150)
      let found = try DistributedTopK(shards: shards, candidates: 20 * shards, kept: 20 * shards)
        .select(approximate: scores, exact: scores)
      #expect(found.recall(of: Selector.topK(20).select(scores)) == 1)
    }
  }

  @Test func aSmallShardGivesWhatItHas() throws {
    let top = try DistributedTopK(shards: 4, candidates: 8, kept: 8)
    #expect(top.select(approximate: [1, 2, 3], exact: [1, 2, 3]).indices == [0, 1, 2])
  }

  @Test(arguments: [(0, 1, 1), (1, 1, 2), (1, 1, -1)])
  func countsOutsideTheirRangeAreRefused(shards: Int, candidates: Int, kept: Int) {
    #expect(throws: SparrowError.self) {
      try DistributedTopK(shards: shards, candidates: candidates, kept: kept)
    }
  }
}
