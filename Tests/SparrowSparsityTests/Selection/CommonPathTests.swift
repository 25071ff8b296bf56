import SparrowCore
import SparrowSparsity
import Testing

@Suite struct CommonPathTests {
  @Test func theMostFrequentGroupsAreTheCommonPath() throws {
    var counts = SelectionCounts(groups: 6, groupSize: 8)
    for indices in [[1, 4], [1, 4, 5], [0, 4]] as [[Int32]] {
      counts.add(try Selection(indices, groups: 6, groupSize: 8))
    }
    #expect(counts.tokens == 3)
    #expect(counts.counts == [1, 2, 0, 0, 3, 1])
    // Of the two groups selected once the lower one.
    #expect(CommonPath(counts, count: 3).always.indices == [0, 1, 4])
    #expect(CommonPath(counts, count: 0).always.count == 0)
    #expect(CommonPath(counts, count: 9).predicted == [])
  }

  @Test(arguments: 0..<10)
  func mergingEqualsSetsOfAllGroups(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let always = try Selection((0..<70).filter { _ in random.uniform() < 0.2 }, groups: 70)
    let path = CommonPath(always)
    #expect((always.indices + path.predicted).sorted() == Array(0..<70))
    let scores = ScoreSamples.normal.scores(path.predicted.count, seed: UInt64(seed))
    let selected = Selector.topK(9).select(scores)
    let merged = path.merged(with: selected)
    #expect(merged.count == always.count + 9)
    #expect(
      Set(merged.indices) == Set(always.indices + selected.indices.map { path.predicted[Int($0)] }))
    #expect(merged.indices == merged.indices.sorted())
  }
}
