import SparrowNumerics
import Testing

@testable import SparrowCalibration

@Suite struct RecallThresholdTests {
  /// One sample of ten neurons; those from the fourth on fire, scores rise but for the last.
  private static func threshold(recall: Float, firing: Range<Int> = 3..<10) -> RecallThreshold {
    let scores = FloatRows(rows: 1, columns: 10)
    let activations = FloatRows(rows: 1, columns: 10)
    for neuron in 0..<10 {
      scores[0][neuron] = neuron == 9 ? 1.5 : Float(neuron)
      activations[0][neuron] = firing ~= neuron ? -1 : 0
    }
    return RecallThreshold(
      scores: scores, activations: activations, lengths: Array(repeating: 2, count: 10),
      samples: 1, recall: recall)
  }

  @Test func allOfThemCostWhatScoresBetween() {
    let found = Self.threshold(recall: 1)
    #expect(found.threshold == 1.5 && found.recall == 1)
    #expect(found.density == 0.8 && found.loss == 0)
  }

  @Test func aPartOfThemDropsTheLeast() {
    let found = Self.threshold(recall: 0.8)
    #expect(found.threshold == 3 && found.density == 0.6)
    #expect(abs(found.recall - 6 / 7) < 1e-6 && abs(found.loss - 1 / 7) < 1e-6)
  }

  @Test func nothingFiresNothingIsKept() {
    let found = Self.threshold(recall: 0.99, firing: 0..<0)
    #expect(found.density == 0 && found.recall == 1 && found.loss == 0)
    #expect(found.threshold.isFinite)
  }
}
