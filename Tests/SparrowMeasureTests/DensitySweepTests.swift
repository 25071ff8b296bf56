import Sparrow
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestModels
import SparrowTestSupport
import Testing

@testable import SparrowMeasure

/// Sweeps of a tiny model.
@Suite(.serialized) struct DensitySweepTests {
  private static func options(
    _ change: (inout DensitySweep.Options) -> Void
  ) -> DensitySweep.Options {
    var options = DensitySweep.Options(densities: [0.5], batches: [2], steps: 2, repetitions: 1)
    change(&options)
    return options
  }

  static let refused: [(name: String, change: @Sendable (inout DensitySweep.Options) -> Void)] = [
    ("batch", { $0.batches = [1, 0] }), ("batch", { $0.batches = [1 << 20] }),
    ("steps", { $0.steps = 0 }), ("steps", { $0.steps = 1 << 40 }),
    ("repetitions", { $0.repetitions = 0 }),
    ("density", { $0.densities = [0.5, 1.5] }), ("density", { $0.densities = [-0.1] }),
    ("density", { $0.densities = [.nan] }),
  ]

  @Test func refusesWhatTheModelCannotRun() throws {
    let model = try SparseModel.loadSparseBody(threads: 1)
    for (name, change) in Self.refused {
      let error = #expect(throws: SparrowError.self) {
        try DensitySweep.run(model, options: Self.options(change))
      }
      #expect(error?.kind == .argument && error?.field == name)
    }
  }

  @Test func takesAsManyStepsAsTheContextHas() throws {
    let model = try SparseModel.loadSparseBody(threads: 1)
    let sweep = try DensitySweep.run(model, options: Self.options { $0.steps = 300 })
    #expect(sweep.points.map(\.batch) == [2, 1])
  }

  @Test func batchesThatTakeSeveralStepsSaySo() throws {
    let model = try SparseModel.loadSparseBody(threads: 1, widestBatch: 2)
    let sweep = try DensitySweep.run(model, options: Self.options { $0.batches = [1, 2, 3, 17] })
    #expect(sweep.points.map(\.sparseSteps) == [1, 1, 2, 9, 1])
    for point in sweep.points {
      #expect(point.bytes < point.denseBytes && point.predict > 0)
    }
    let lines = sweep.text.split(separator: "\n")
    #expect(lines.count { $0.hasSuffix("sparse steps") } == 2)
  }

  @Test func aSparseHeadAloneIsMeasuredInBatches() throws {
    let model = try SparseModel.load()
    let sweep = try DensitySweep.run(model, options: Self.options { $0.batches = [1, 17] })
    #expect(sweep.points.map(\.batch) == [1, 17])
    for point in sweep.points {
      #expect(point.sparseSteps == 1 && point.density == nil && point.predictedSpeedup == 1)
      #expect(point.step.sparse.median > 0 && point.step.dense.median > 0)
    }
  }

  @Test func batchesWiderThanTheHeadPaysForTakeIt() throws {
    let model = try SparseModel.load()
    let tokens: [Int32] = [3, 5, 8]
    for rows in 1...3 {
      let sequences = try tokens.map { _ in try model.backend.sequence(capacity: 4, type: .f16) }
      model.backend.step(.decode(tokens, of: sequences))
      var kinds: [Bool] = []
      model.backend.outputs(rows: rows) { output in
        kinds.append(output.ids != nil)
        let ids = output.ids.map(Array.init) ?? Array(0..<Int32(output.logits.count))
        let found = Array(output.logits)
        let dense = model.backend.logits(rows: output.row..<output.row + 1)
        for (id, logit) in zip(ids, found) { #expect(abs(dense[Int(id)] - logit) < 1e-4) }
      }
      #expect(kinds == Array(repeating: true, count: rows))
    }
  }

  /// A threshold costs less than a top-k and leaves each token what it needs: a sweep keeps to it.
  @Test func densitiesAreReachedAsThePlanSelects() throws {
    let model = try SparseModel.loadSparseBody(threads: 1, selector: .threshold(0.01))
    let plans = SweepPlans(model, try SweepRun(model, batch: 1, steps: 16))
    var thresholds: [Float] = []
    for density: Float in [0.25, 0.75] {
      guard case .threshold(let least) = plans.plan(density: density).networks[1]?.selector else {
        Issue.record("no threshold")
        return
      }
      thresholds.append(least)
    }
    #expect(thresholds[0] > thresholds[1] && thresholds[1] > 0)
    let fixed = try SparseModel.loadSparseBody(threads: 1)
    // As many bytes as the top part of every token's neurons.
    let bytes = try [model, fixed].map { model in
      try DensitySweep.run(
        model,
        options: Self.options { ($0.densities, $0.batches, $0.steps) = ([0.25, 0.75], [1], 16) }
      ).points.dropFirst().map { Double($0.bytes) }
    }
    let half = bytes[1][1] - bytes[1][0]
    for (found, wanted) in zip(bytes[0], bytes[1]) { #expect(abs(found - wanted) < 0.2 * half) }
    let kept = SweepPlans(fixed, try SweepRun(fixed, batch: 1, steps: 2)).plan(density: 0.5)
    #expect(kept.networks.values.allSatisfy { if case .topK = $0.selector { true } else { false } })
  }

  @Test func refusesADenseModel() throws {
    let model = try Model.load(
      Fixtures.path("models/llama3"), options: LoadOptions(threads: 1, prefillTokens: 40))
    let error = #expect(throws: SparrowError.self) {
      try DensitySweep.run(model, options: Self.options { _ in })
    }
    #expect(error?.kind == .argument && error?.field == "sweep")
  }

  @Test func stopsBetweenRepetitions() throws {
    let model = try SparseModel.loadSparseBody(threads: 1)
    var asked = 0
    let progress = Progress { _ in
      asked += 1
      return asked < 3
    }
    let error = #expect(throws: SparrowError.self) {
      try DensitySweep.run(
        model, options: Self.options { $0.repetitions = 5 }, progress: progress)
    }
    #expect(error?.kind == .cancelled && asked == 3)
  }
}
