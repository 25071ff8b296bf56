import SparrowCore
import SparrowSparsity
import Testing

@Suite struct ThresholdTests {
  @Test(arguments: ScoreSamples.allCases)
  func scoresFromTheThresholdOnAreSelected(_ sample: ScoreSamples) {
    let scores = sample.scores(200)
    for threshold in [-.infinity, -1, 0, 0.5, 2, .infinity] as [Float] {
      let expected = scores.indices.filter { scores[$0] >= threshold }.map { Int32($0) }
      #expect(Selector.threshold(threshold).select(scores).indices == expected)
    }
  }

  @Test(arguments: [
    Selector.topK(-1), .statisticalTopK(-1), .threshold(.nan),
    .bucketedTopK(-1, buckets: 1, perBucket: 1), .bucketedTopK(1, buckets: 0, perBucket: 1),
    .bucketedTopK(1, buckets: 1, perBucket: 0),
  ])
  func numbersOutsideTheirRangeAreRefused(_ selector: Selector) {
    #expect(throws: SparrowError.self) { try selector.validate() }
  }

  @Test func everySelectorTakesItsLeastNumbers() throws {
    for selector in [
      Selector.topK(0), .statisticalTopK(0), .threshold(-.infinity),
      .bucketedTopK(0, buckets: 1, perBucket: 1),
    ] {
      try selector.validate()
      #expect(selector.select([]).count == 0)
    }
  }
}
