import SparrowCore
import SparrowSparsity
import Testing

@Suite struct VocabularyRecallTests {
  let plan = VocabularyPlan(
    recalls: [
      .init(doubt: 0, recall: 0.95), .init(doubt: 2.5, recall: 0.97),
      .init(doubt: 3, recall: 0.99),
    ])

  @Test func theSmallestDoubtThatReachesTheTargetIsTaken() throws {
    #expect(try VocabularyRecall.reaching(0.96, plan) == VocabularyRecall(rank: 32, doubt: 2.5))
    #expect(try VocabularyRecall.reaching(0.98, plan) == VocabularyRecall(rank: 32, doubt: 3))
  }

  @Test func doubtsThatOtherTextBeliesAreNotTaken() throws {
    #expect(try VocabularyRecall.reaching(0.9, plan) == VocabularyRecall(rank: 32, doubt: 2.5))
  }

  @Test func onlyTheDenseHeadReachesMoreThanWasMeasured() throws {
    #expect(try VocabularyRecall.reaching(0.995, plan) == nil)
    #expect(try VocabularyRecall.reaching(1, plan) == nil)
  }

  @Test(arguments: [Float(-0.1), 1.1, .nan])
  func aTargetThatIsNoShareIsRefused(_ target: Float) {
    #expect(throws: SparrowError.self) { try VocabularyRecall.reaching(target, plan) }
  }
}
