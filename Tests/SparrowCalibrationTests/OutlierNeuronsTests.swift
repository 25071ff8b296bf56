import SparrowCore
import SparrowNumerics
import SparrowSparsity
import Testing

@testable import SparrowCalibration

@Suite struct OutlierNeuronsTests {
  /// 128 neurons of size 1 to 2, but for some.
  private static func sizes(_ outliers: [Int: Float]) -> [Float] {
    (0..<128).map { outliers[$0] ?? 1 + Float($0 % 8) / 8 }
  }

  @Test("neurons that add more than ten times what the median adds are found, the largest first")
  func found() {
    let ones = [Float](repeating: 1, count: 128)
    #expect(OutlierNeurons.find(greatest: Self.sizes([:]), lengths: ones).isEmpty)
    let greatest = Self.sizes([7: 300, 90: 1000, 100: 14])
    #expect(OutlierNeurons.find(greatest: greatest, lengths: ones) == [7, 90])
    // No more than one in 64, and by what they add: size times the length of down's column.
    let many = Self.sizes([7: 300, 30: 200, 90: 1000])
    #expect(OutlierNeurons.find(greatest: many, lengths: ones) == [7, 90])
    var lengths = ones
    lengths[30] = 10
    #expect(OutlierNeurons.find(greatest: many, lengths: lengths) == [30, 90])
    #expect(
      OutlierNeurons.find(greatest: [Float](repeating: 0, count: 128), lengths: ones).isEmpty)
  }

  @Test("a plan keeps them beside what is selected, and a recall's threshold counts them")
  func plan() throws {
    let scores = FloatRows(rows: 1, columns: 128)
    let activations = FloatRows(rows: 1, columns: 128)
    for neuron in 0..<128 { (scores[0][neuron], activations[0][neuron]) = (Float(neuron), 1) }
    var predictor = LayerPredictor(.exact, groupScores: scores, samples: 1, groupSize: 1, order: [])
    predictor.keepAlways([3, 5])
    let lengths = [Float](repeating: 1, count: 128)
    let tradeoff = Tradeoff(
      scores: scores, activations: activations, lengths: lengths, samples: 1,
      pool: try WorkerPool(count: 1))
    let plan = predictor.plan(density: 0.25, tradeoff: tradeoff)
    #expect(plan.common == [3, 5] && plan.selector == .topK(30) && plan.density == 0.25)
    predictor.recallThreshold = RecallThreshold(
      scores: scores, activations: activations, lengths: lengths, samples: 1, recall: 0.5)
    let threshold = try #require(predictor.recallThreshold)
    #expect(threshold.density == 0.5 && threshold.threshold == 66)
    #expect(predictor.plan(density: 0.25, tradeoff: tradeoff).selector == .threshold(66))
  }
}
