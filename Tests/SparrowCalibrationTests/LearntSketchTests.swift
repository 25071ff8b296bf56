import Sparrow
import SparrowCore
import SparrowSparsity
import Testing

@testable import SparrowCalibration

/// Sketches that take over what a model has learnt with.
@Suite(.serialized) struct LearntSketchTests {
  private static let learnt = [
    1: FeedForwardPlan(predictor: .exact, selector: .topK(4), groupSize: 8, common: [2])
  ]

  private static func sketches(
    _ plans: [Int: FeedForwardPlan], candidates: Double
  ) throws -> FeedForwardCalibration.Choice {
    let options = FeedForwardCalibrationTests.options(.sketch) {
      ($0.rank, $0.layers) = (0, .learnt(plans, candidatesPerK: candidates))
    }
    return try #require(
      try Calibration.run(
        Calibration.Request(networks: options),
        of: try VocabularyCalibrationTests.model("llama3", threads: 1),
        on: FeedForwardCalibrationTests.text
      ).report.networks)
  }

  /// The tiny model's networks have 8 groups.
  @Test func haveThePlansLayersGroupsAndCommonPath() throws {
    var recalls: [Float] = []
    for (factor, count) in [(1.0, 4), (1.5, 6), (100, 7)] {
      let choice = try Self.sketches(Self.learnt, candidates: factor)
      let plan = try #require(choice.layers[1])
      #expect(choice.layers.count == 1 && choice.reports.map(\.layer) == [1])
      #expect(plan.selector == .topK(count) && plan.kept == .topK(4))
      #expect(plan.groupSize == 8 && plan.common == [2] && plan.predictorName == "sketch")
      recalls.append(choice.reports[0].recall)
      guard factor == 1 else { continue }
      // A plan of two stages is taken over as well.
      #expect(try Self.sketches([1: plan], candidates: factor).layers == choice.layers)
    }
    #expect(recalls[0] > 0.5 && recalls[0] <= recalls[1] && abs(recalls[2] - 1) < 1e-4)
  }

  @Test func plansWithoutTopKAreRefused() throws {
    var plans = Self.learnt
    plans[1]!.selector = .threshold(0.5)
    let error = #expect(throws: SparrowError.self) {
      try Self.sketches(plans, candidates: 1)
    }
    #expect(error?.kind == .argument && error?.expected == "top-k")
    #expect(throws: SparrowError.self) { try Self.sketches(Self.learnt, candidates: 0.5) }
  }
}
