import SparrowCore
import SparrowSparsity
import Testing

@Suite struct TopKTests {
  @Test(arguments: ScoreSamples.allCases)
  func topKEqualsSorting(_ sample: ScoreSamples) {
    for count in [0, 1, 2, 17, 64, 65, 500, 1536] {
      let scores = sample.scores(count)
      for k in [-1, 0, 1, 2, count / 16, count / 2, count - 1, count, count + 1] {
        let found = Selector.topK(k).select(scores).indices
        #expect(found == sortedTopK(k, scores), "\(k) of \(count)")
      }
    }
  }

  @Test(arguments: [ScoreSamples.normal, .fewValues, .notNumbers])
  func workersThatShareACutSelectWhatOneDoes(_ sample: ScoreSamples) throws {
    let scores = sample.scores(300)
    let scratch = SelectorScratch(groups: 300)
    for selector in [Selector.topK(77), .statisticalTopK(77), .threshold(0.5)] {
      let whole = selector.select(scores).indices
      let cut = try #require(
        scores.withUnsafeBufferPointer { selector.cut(of: $0, scratch: scratch) })
      for parts in 1...5 {
        var joined: [Int32] = []
        for part in 0..<parts {
          let own = part * 300 / parts..<(part + 1) * 300 / parts
          var indices = [Int32](repeating: 0, count: own.count)
          let count = scores.withUnsafeBufferPointer { all in
            indices.withUnsafeMutableBufferPointer {
              cut.select(.init(rebasing: all[own]), first: own.lowerBound, into: $0.baseAddress!)
            }
          }
          joined += indices.prefix(count)
        }
        #expect(joined == whole)
      }
    }
  }

  @Test func scratchServesManySizesAndSelectors() {
    let scratch = SelectorScratch(groups: 400)
    var indices = [Int32](repeating: -1, count: 400)
    for count in [400, 3, 90, 400, 1] {
      let scores = ScoreSamples.normal.scores(count)
      for k in [1, 40, 400] {
        for selector in [Selector.topK(k), .bucketedTopK(k, buckets: 16, perBucket: 400)] {
          let found = scores.withUnsafeBufferPointer { scores in
            indices.withUnsafeMutableBufferPointer {
              selector.select(scores, into: $0.baseAddress!, scratch: scratch)
            }
          }
          #expect(Array(indices.prefix(found)) == sortedTopK(k, scores))
        }
      }
    }
  }
}
