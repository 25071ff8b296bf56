import Sparrow
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCalibration

/// Thresholds of inputs from a density.
@Suite(.serialized) struct InputCalibrationTests {
  @Test(
    "finds the wanted density, on held-out windows and where it decodes",
    arguments: [("smollm2", Float(0.5)), ("gpt2", 0.4), ("llama3", 0.7)])
  func density(name: String, wanted: Float) throws {
    let dense = try VocabularyCalibrationTests.model(name, threads: 1)
    var options = InputCalibration.Options(
      tokens: 1500, density: wanted, allocation: .uniform)
    options.window = 64
    let (inputs, reports) = try InputCalibration.fit(
      model: dense, text: VocabularyCalibrationTests.text, options: options)
    #expect(inputs.count == dense.configuration.layers.count && reports.count == inputs.count)
    for report in reports {
      #expect(report.densities.count == 4)
      for density in report.densities.values { #expect(abs(density - wanted) < 0.05) }
      #expect(abs(report.density - wanted) < 0.05)
    }
    let folder = try TemporaryFolder()
    let adapter = Adapter(
      baseHash: try Checkpoint.open(dense.path).contentHash(), baseName: "b",
      plan: SparsePlan(inputs: inputs))
    try adapter.write(to: folder.file("a"))
    let model = try Model.load(
      dense.path, options: LoadOptions(threads: 1, adapter: folder.file("a")))
    let audit = model.backend.makeAudit()
    let session = try model.session(context: 48)
    session.probes = StepProbes(audit: audit)
    for token in model.tokenizer.encode(VocabularyCalibrationTests.text).prefix(48) {
      _ = try session.advance(token) { $0.logits.count }
    }
    let found = audit.layers.reduce(0) { $0 + $1.density } / Double(audit.layers.count)
    #expect(abs(found - Double(wanted)) < 0.08)
  }

  @Test(
    "the greedy choice reads as many bytes in every layer",
    arguments: [("smollm2", Float(0.6)), ("gpt2", 0.8)])
  func greedy(name: String, wanted: Float) throws {
    let (inputs, reports) = try Self.fit(
      try VocabularyCalibrationTests.model(name, threads: 1), density: wanted)
    for report in reports {
      #expect(abs(report.density - wanted) < 0.05)
      for (input, density) in report.densities {
        #expect(inputs[report.layer]?.thresholds[input]?.density ?? 1 == density)
      }
    }
    #expect(reports.contains { Set($0.densities.values).count > 1 })
  }

  @Test("the greedy choice leaves out first what adds nothing")
  func planted() throws {
    let folder = try TemporaryFolder()
    let source = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let writer = try ModelWriter(source.binding)
    try writer.writeHuggingFace(to: folder.file("m"), type: .f32) { role throws(SparrowError) in
      let values = try writer.sourceValues(role)
      return role.kind == .output ? values.map { _ in 0 } : values
    }
    let model = try Model.load(folder.file("m"), options: LoadOptions(threads: 1))
    let shares = model.backend.weights.shares(ofLayer: 0)
    let whole = Float(shares[.feedForward]! + shares[.down]!)
    let (inputs, reports) = try Self.fit(model, density: whole + 0.02)
    for report in reports {
      #expect(report.densities[.feedForward] == 1 && report.densities[.down] == 1)
      #expect(Set(inputs[report.layer]!.thresholds.keys) == [.attention, .output])
    }
  }

  @Test(arguments: ["recording inputs", "cutting inputs"])
  func stopsInTheMidstOf(stage: String) throws {
    let model = try VocabularyCalibrationTests.model("gpt2", threads: 1)
    var asked = 0
    let progress = Progress { report in
      #expect((0...1).contains(report.fraction))
      if report.label == stage { asked += 1 }
      return asked < 3
    }
    let error = #expect(throws: SparrowError.self) {
      try Self.fit(model, density: 0.5, progress: progress)
    }
    #expect(error?.kind == .cancelled)
  }

  private static func fit(
    _ model: Model, density: Float, progress: Progress = .none
  ) throws -> (inputs: [Int: InputPlan], reports: [InputCalibration.LayerReport]) {
    var options = InputCalibration.Options(tokens: 800, density: density)
    options.window = 64
    return try InputCalibration.fit(
      model: model, text: VocabularyCalibrationTests.text, options: options, progress: progress)
  }

  @Test(arguments: [Float(0), -1, 1.5, .nan])
  func refusesADensityThatIsNone(density: Float) throws {
    let model = try VocabularyCalibrationTests.model("gpt2", threads: 1)
    let error = #expect(throws: SparrowError.self) {
      try InputCalibration.fit(
        model: model, text: VocabularyCalibrationTests.text, options: .init(density: density))
    }
    #expect(error?.kind == .argument && error?.field == "density")
  }

  @Test func quantilesAreThoseOfTheSortedSizes() {
    var random = SeededRandom(seed: 3)
    let values = (0..<5000).map { _ in (random.uniform() - 0.5) * random.uniform() }
    var histogram = SizeHistogram()
    values.withUnsafeBufferPointer { histogram.add($0) }
    let sizes = values.map(abs).sorted()
    for part in [0.0, 0.1, 0.5, 0.9, 1] {
      let least = histogram.size(below: part)
      let above = Double(sizes.count { $0 > least }) / 5000
      #expect(abs(above - (1 - part)) < 0.002)
      #expect(abs(histogram.part(above: least) - (1 - part)) < 0.001)
    }
    #expect(SizeHistogram().size(below: 0.5) == 0)
  }

  @Test func zerosAndWhatIsNoNumberAreCounted() {
    var histogram = SizeHistogram()
    [0, 0, -0, 1, 2, .nan, .infinity, -3].withUnsafeBufferPointer { histogram.add($0) }
    #expect(histogram.size(below: 0.3) < 1e-38)
    #expect(histogram.size(below: 0.37) < 1e-38)
    #expect(abs(histogram.part(above: 2.5) - 3.0 / 8) < 1e-6)
  }
}
