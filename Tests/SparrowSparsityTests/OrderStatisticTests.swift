import SparrowCore
import SparrowSparsity
import Testing

@Suite struct OrderStatisticTests {
  @Test(arguments: [1, 2, 3, 31, 64, 1000])
  func everyRankEqualsSorting(count: Int) {
    var random = SeededRandom(seed: UInt64(count))
    // Few different values, so that ties are common.
    let values = (0..<count).map { _ in Float(random.next() % 17) }
    let sorted = values.sorted(by: >)
    for rank in 1...count {
      var copy = values
      #expect(copy.withUnsafeMutableBufferPointer { largest(rank, of: $0) } == sorted[rank - 1])
    }
  }

  @Test func notANumberCountsAsSmallest() {
    var values: [Float] = [.nan, 1, .infinity, .nan, -2]
    #expect(values.withUnsafeMutableBufferPointer { largest(3, of: $0) } == -2)
    #expect(values.withUnsafeMutableBufferPointer { largest(4, of: $0) } == -.infinity)
  }
}
