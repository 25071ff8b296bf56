import SparrowCore
import SparrowSparsity
import Testing

@Suite struct BucketedTopKTests {
  /// Top K' of each bucket by sorting, then top k of those.
  private func reference(_ k: Int, _ buckets: Int, _ perBucket: Int, _ scores: [Float]) -> [Int32] {
    var survivors = [Float](repeating: .nan, count: scores.count)
    for bucket in 0..<buckets {
      let own = scores.indices.filter { $0 % buckets == bucket }
      for place in sortedTopK(perBucket, own.map { scores[$0] }) {
        survivors[own[Int(place)]] = scores[own[Int(place)]]
      }
    }
    return sortedTopK(k, survivors)
  }

  @Test(arguments: ScoreSamples.allCases)
  func bothStagesEqualSorting(_ sample: ScoreSamples) {
    for (count, buckets, perBucket) in [
      (1, 1, 1), (50, 7, 2), (64, 64, 1), (64, 100, 3), (203, 16, 1), (203, 16, 5), (203, 1, 40),
      (512, 32, 40),
    ] {
      let scores = sample.scores(count)
      for k in [0, 1, count / 5, count, count + 1] {
        let selector = Selector.bucketedTopK(k, buckets: buckets, perBucket: perBucket)
        #expect(
          selector.select(scores).indices == reference(k, buckets, perBucket, scores),
          "\(selector) of \(count)")
      }
    }
  }

  /// Expected values: exact rational arithmetic in Python.
  @Test(arguments: [
    (1536, 128, 64, 4, 0.9710499055889216), (1536, 128, 64, 1, 0.43906403739869443),
    (5632, 512, 128, 6, 0.9588344744721138), (48, 12, 8, 2, 0.8759331368457286),
    (100, 30, 7, 5, 0.920200538367421), (262144, 256, 512, 2, 0.9677894966529615),
    (100, 90, 10, 9, 0.9632804209903638), (512, 64, 24, 4, 0.9375360516149892),
  ])
  func expectedRecallEqualsTheFormula(
    groups: Int, k: Int, buckets: Int, perBucket: Int, recall: Double
  ) throws {
    let expected = BucketedRecall(k: k, buckets: buckets, perBucket: perBucket, groups: groups)
    #expect(abs(expected.value - recall) < 1e-12)
  }

  @Test func measuredRecallIsTheExpectedOne() throws {
    let selector = Selector.bucketedTopK(64, buckets: 24, perBucket: 4)
    var sum = 0.0
    for seed in 0..<100 {
      let scores = ScoreSamples.uniform.scores(512, seed: UInt64(seed))
      sum += selector.select(scores).recall(of: Selector.topK(64).select(scores))
    }
    let expected = BucketedRecall(k: 64, buckets: 24, perBucket: 4, groups: 512).value
    // Four standard errors of the mean.
    #expect(abs(sum / 100 - expected) < 0.0125, "\(sum / 100) for \(expected)")
  }
}
