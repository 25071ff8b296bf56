import Sparrow
import SparrowEngine
import SparrowCore
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCalibration

/// Choosing plans for tiny models.
@Suite(.serialized) struct PlanChooserTests {
  private typealias Fitting = FeedForwardCalibrationTests

  private static func choose(
    _ model: Model, _ method: FeedForwardCalibration.Method, _ target: PlanTarget,
    progress: Progress = .none
  ) throws -> FeedForwardCalibration.Choice {
    let options = Fitting.options(method) { ($0.rank, $0.layers) = (0, .target(target)) }
    return try #require(
      try LayerCalibration(model, text: Fitting.text, networks: options)
        .choose(progress: progress).networks)
  }

  private static func meanDensity(
    _ choice: FeedForwardCalibration.Choice, _ model: Model
  ) -> Float {
    let count = model.configuration.layers.count
    let sparse = choice.layers.values.reduce(0) { $0 + ($1.density ?? 1) }
    return (sparse + Float(count - choice.layers.count)) / Float(count)
  }

  @Test(arguments: [Float(0.05), 0.1, 0.4])
  func reachesTheDensityThatIsAskedFor(density: Float) throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let choice = try Self.choose(model, .magnitude, .density(density))
    #expect(choice.layers.count == model.configuration.layers.count)
    #expect(Self.meanDensity(choice, model) <= density + 1e-6)
    #expect(model.plan.networks.isEmpty)
  }

  /// Thresholds of a recall cannot be had at other densities.
  @Test func refusesADensityBelowWhatFiringNeuronsTake() throws {
    let error = #expect(throws: SparrowError.self) {
      try Self.choose(try Fitting.relu(), .lowRank, .density(0.05))
    }
    #expect(error?.kind == .argument && error?.field == "target")
    #expect(error?.expected.hasPrefix("at least 0.") == true)
  }

  @Test func firingNeuronsKeepTheirThresholds() throws {
    let model = try Fitting.relu()
    let (fitted, _) = try FeedForwardCalibration.fit(
      model: model, text: Fitting.text, options: Fitting.options(.lowRank) { $0.rank = 0 })
    let least = fitted.values.reduce(0) { $0 + $1.density! } / Float(fitted.count)
    let choice = try Self.choose(model, .lowRank, .density(least + 0.001))
    #expect(choice.layers == fitted)
    #expect(abs(Self.meanDensity(choice, model) - least) < 1e-6)
    for report in choice.reports { #expect(report.density == fitted[report.layer]?.density) }
    let dense = try Self.choose(model, .lowRank, .density(1))
    #expect(dense.layers.isEmpty && dense.widestBatch == 0)
  }

  @Test(arguments: ["running held-out text", "measuring what layers cost", "measuring speed"])
  func stopsInTheMidstOf(stage: String) throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    var asked = 0
    let progress = Progress { report in
      if report.label == stage { asked += 1 }
      return asked < 2
    }
    let error = #expect(throws: SparrowError.self) {
      try Self.choose(model, .magnitude, .density(0.5), progress: progress)
    }
    #expect(error?.kind == .cancelled && asked == 2)
    #expect(model.plan.networks.isEmpty)
  }

  @Test func theSearchForAPerplexityTellsItsProgress() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    var parts: [Double] = []
    let progress = Progress { report in
      parts.append(report.fraction)
      return true
    }
    _ = try Self.choose(model, .magnitude, .perplexity(99), progress: progress)
    #expect(parts == parts.sorted() && parts.last! <= 1.000_001)
  }

  @Test func probesTheWindowsThatFittingHasNotSeen() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let recorder = try StateRecorder(
      model, text: Fitting.text, tokens: 1500, window: 64, minimum: 2)
    let heldOut = recorder.heldOutWindows
    #expect(heldOut.count == recorder.heldOutCount && heldOut.allSatisfy { $0.count == 64 })
    var seen: Set<Int> = []
    try recorder.run(hidden: model.configuration.hidden) { index, _ in
      if recorder.isHeldOut(index) { seen.insert(index) }
    }
    #expect(seen.count == heldOut.count)
    let plans = [0: FeedForwardPlan(predictor: .exact, selector: .topK(1))]
    try model.install(SparsePlan(networks: plans))
    defer { try? model.install(.dense) }
    let probe = try PlanProbe(model, heldOut: heldOut, positions: 40, progress: .none)
    let dense = try probe.measure([:], progress: .none)
    #expect(abs(dense.divergence) < 1e-6 && abs(dense.logRatio) < 1e-6)
    #expect(try probe.measure(plans, progress: .none).divergence > 1e-6)
    #expect(throws: SparrowError.stopped) {
      try probe.measure(plans, progress: Progress { _ in false })
    }
    #expect(throws: SparrowError.self) {
      try PlanProbe(model, heldOut: [[1, 2, 3]], positions: 40, progress: .none)
    }
  }
}
