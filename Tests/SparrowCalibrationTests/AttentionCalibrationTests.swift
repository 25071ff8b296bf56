import Sparrow
import SparrowCore
import SparrowFormats
import SparrowNumerics
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCalibration

/// Fitting sparse attention of tiny models.
@Suite(.serialized) struct AttentionCalibrationTests {
  static func choose(
    _ model: Model, target: PlanTarget = .density(0.75), recording: RecordingFile? = nil,
    _ change: (inout AttentionCalibration.Options) -> Void = { _ in },
    progress: Progress = .none
  ) throws -> AttentionCalibration.Choice {
    var options = AttentionCalibration.Options()
    (options.tokens, options.window, options.target) = (1500, 64, target)
    change(&options)
    let request = Calibration.Request(attention: options)
    return try #require(
      try Calibration.run(
        request, of: model, on: VocabularyCalibrationTests.text, recording: recording,
        progress: progress
      ).report.attention)
  }

  static func oneThread(_ name: String) throws -> Model {
    try VocabularyCalibrationTests.model(name, threads: 1)
  }

  /// A random model's heads are told apart by little else than their mean lengths, so recall has to
  /// beat chance.
  @Test(
    "finds heads better than chance in text held out, and runs",
    arguments: ["gpt2", "llama3"])
  func findsHeads(name: String) throws {
    let folder = try TemporaryFolder()
    let dense = try Self.oneThread(name)
    let choice = try Self.choose(dense)
    let layers = dense.configuration.layers.count
    #expect(choice.reports.count == layers && choice.speedup! > 0)
    #expect(choice.reports.allSatisfy { $0.density == 0.5 && $0.recall > 0.55 })
    #expect(choice.reports.allSatisfy { $0.divergence > 0 && $0.loss < 0.5 })
    // The layers that change least, as few as reach the density.
    #expect(choice.layers.count == (layers + 1) / 2)
    let worst = choice.reports.filter(\.isSparse).map(\.divergence).max()!
    #expect(choice.reports.allSatisfy { $0.isSparse || $0.divergence >= worst })
    #expect(!dense.isSparse)
    let adapter = Adapter(
      baseHash: try Checkpoint.open(dense.path).contentHash(), baseName: dense.path,
      plan: SparsePlan(attention: choice.layers))
    try adapter.write(to: folder.file("a"))
    #expect(try Adapter.read(folder.file("a")) == adapter)
    let sparse = try Model.load(
      dense.path, options: LoadOptions(threads: 1, adapter: folder.file("a")))
    #expect(sparse.plan.attention == choice.layers)
    let own = try VocabularyCalibrationTests.greedyTokens(sparse)
    let same = zip(own, try VocabularyCalibrationTests.greedyTokens(dense)).count { $0 == $1 }
    #expect(same > own.count / 2)
  }

  @Test func looksAheadThroughFewDirections() throws {
    let choice = try Self.choose(try Self.oneThread("gpt2"), target: .density(0.5)) {
      ($0.lookahead, $0.rank, $0.density) = (true, 1, 0.3)
    }
    #expect(choice.layers.count == 2)
    for (layer, plan) in choice.layers {
      #expect(plan.lookahead == (layer > 0) && plan.selector == .topK(1))
      guard case .lowRank(let maps) = plan.predictor else {
        Issue.record("\(plan.predictorName)")
        return
      }
      #expect(maps.a?.rows == 1 && maps.b.rows == 2)
    }
  }

  @Test("what leaves the perplexity alone is chosen only where it pays")
  func keepsThePerplexity() throws {
    let choice = try Self.choose(try Self.oneThread("llama3"), target: .perplexity(1))
    #expect(choice.layers.isEmpty || choice.speedup! >= 1)
  }

  @Test func refusesMultiQuery() throws {
    let model = try Self.oneThread("smollm2")
    let error = #expect(throws: SparrowError.self) { try Self.choose(model) }
    #expect(error?.kind == .unsupported && error?.field == "attention")
    #expect(error?.found.contains("multi-query") == true)
  }

  @Test func refusesADensityOutOfReach() throws {
    let model = try Self.oneThread("llama3")
    let error = #expect(throws: SparrowError.self) { try Self.choose(model, target: .density(0.4)) }
    #expect(error?.kind == .argument && error?.expected.contains("0.5") == true)
    #expect(!model.isSparse)
  }

  @Test("a run that was stopped makes the same plans when it is started again")
  func resumes() throws {
    let folder = try TemporaryFolder()
    let file = RecordingFile(adapter: folder.file("a"), modelHash: "m")
    let whole = try Self.choose(try Self.oneThread("llama3"))
    #expect(throws: SparrowError.self) {
      try Self.choose(
        try Self.oneThread("llama3"), recording: file, progress: Progress { $0.fraction < 0.1 })
    }
    #expect(folder.names == ["a.recording.safetensors"])
    var labels: Set<String> = []
    let progress = Progress { report in
      labels.insert(report.label)
      return true
    }
    let again = try Self.choose(
      try Self.oneThread("llama3"), recording: file, progress: progress)
    #expect(again.layers == whole.layers)
    #expect(labels.contains { $0.contains("resumed") })
  }

  /// Two samples of three groups, by hand.
  @Test func recallAndLossAreTheirDefinitions() {
    let scores = FloatRows(rows: 2, columns: 3)
    let lengths = FloatRows(rows: 2, columns: 3)
    for (index, value) in [Float](arrayLiteral: 3, 2, 1, 1, 2, 3).enumerated() {
      scores.values[index] = value
    }
    for (index, value) in [Float](arrayLiteral: 2, 1, 0, 2, 2, 1).enumerated() {
      lengths.values[index] = value
    }
    let one = AttentionFit.measure(scores, lengths, samples: 2, kept: 1)
    #expect(one.recall == 0.5 && abs(one.loss - (0.2 + 8.0 / 9) / 2) < 1e-6)
    let two = AttentionFit.measure(scores, lengths, samples: 2, kept: 2)
    #expect(two.recall == 0.75 && abs(two.loss - (0 + 4.0 / 9) / 2) < 1e-6)
  }
}
