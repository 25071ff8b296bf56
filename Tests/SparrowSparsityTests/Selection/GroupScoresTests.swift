import SparrowCore
import SparrowSparsity
import Testing

@Suite struct GroupScoresTests {
  @Test(arguments: Selection.groupSizes)
  func aGroupsScoreIsTheSumOfItsMagnitudes(size: Int) {
    let activations = ScoreSamples.normal.scores(12 * size)
    let scores = groupScores(activations, groupSize: size)
    #expect(scores.count == 12)
    for group in 0..<12 {
      let own = activations[group * size..<(group + 1) * size]
      #expect(scores[group] == own.reduce(0) { $0 + $1.magnitude })
    }
  }

  @Test func aGroupWithoutANumberIsNeverSelected() {
    var activations = [Float](repeating: 1, count: 24)
    activations[9] = .nan
    let scores = groupScores(activations, groupSize: 8)
    #expect(Selector.topK(3).select(scores, groupSize: 8).indices == [0, 2])
  }
}
