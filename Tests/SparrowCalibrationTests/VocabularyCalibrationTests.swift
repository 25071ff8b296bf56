import Sparrow
import SparrowCore
import SparrowEngine
import SparrowMeasure
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCalibration

/// Fitting on tiny random models.
@Suite(.serialized) struct VocabularyCalibrationTests {
  static let text = String(
    repeating: "In the beginning was the word, and the sparrow ate 12 crumbs of bread. ", count: 60)
  static let options = VocabularyCalibration.Options(
    tokens: 1200, codes: 28, candidates: 24, kept: 8, window: 64)

  static func model(_ name: String, threads: Int = 2) throws -> Model {
    try Model.load(
      Fixtures.path("models/" + name), options: LoadOptions(threads: threads, prefillTokens: 40))
  }

  /// Of 100 rows, 24 candidates would hold 24% of the top 8 by chance.
  @Test(arguments: ["llama3", "smollm2"])
  func findsTheTop(name: String) throws {
    let model = try Self.model(name)
    let (head, measured) = try VocabularyCalibration.fit(
      model: model, text: Self.text, options: Self.options)
    try head.sketch.validate(file: name)
    try head.plan.validate(file: name)
    #expect(head.sketch.rowCount == model.configuration.vocabulary)
    #expect(measured.byCandidates.first { $0.candidates == 24 }!.recall > 0.75)
    let recalls = head.plan.recalls.map(\.recall)
    #expect(recalls == recalls.sorted() && recalls.last! > 0.9)
    let again = try VocabularyCalibration.measure(head, model: model, text: Self.text, window: 64)
    #expect(again.deviation == head.sketch.deviation)
    #expect(again.byDoubt.last!.recall > 0.9)
  }

  private static func calibrate(
    _ model: Model, _ options: VocabularyCalibration.Options = options
  ) throws -> (adapter: Adapter, report: Calibration.Report) {
    try Calibration.run(.init(head: options), of: model, on: text)
  }

  @Test func sameSeedSameAdapter() throws {
    let adapters = try [1, 1, 2].map { (seed: UInt64) in
      var options = Self.options
      options.seed = seed
      return try Self.calibrate(try Self.model("llama3"), options).adapter
    }
    #expect(adapters[0] == adapters[1])
    #expect(adapters[0] != adapters[2])
  }

  /// Each of HiRE's own sketches, fitted, written, read, and run by the engine beside the dense
  /// head.
  @Test(arguments: SketchCoding.allCases)
  func everySketchNamesTheDenseToken(coding: SketchCoding) throws {
    let folder = try TemporaryFolder()
    var options = Self.options
    options.coding = coding
    options.rank = 32
    let dense = try Self.model("llama3")
    let (adapter, report) = try Self.calibrate(dense, options)
    let measured = try #require(report.head)
    #expect(measured.byCandidates.first { $0.candidates == 24 }!.recall > 0.6)
    try adapter.write(to: folder.file("a"))
    #expect(try Adapter.read(folder.file("a")) == adapter)
    let sparse = try Model.load(
      dense.path, options: LoadOptions(threads: 2, adapter: folder.file("a")))
    let own = try Self.greedyTokens(sparse)
    let same = zip(own, try Self.greedyTokens(dense)).count { $0 == $1 }
    #expect(Double(same) > 0.97 * Double(own.count))
  }

  /// What the model says after each token of the text's first windows.
  static func greedyTokens(_ model: Model) throws -> [Int32] {
    let windows = try TextWindows(model, text: text, context: 64, limit: 4)
    let session = try model.session(context: 64)
    return try windows.flatMap { window in
      session.clear()
      return try window.map { try session.advance($0) { $0.top } }
    }
  }

  @Test func survivesItsFolder() throws {
    let folder = try TemporaryFolder()
    let model = try Self.model("llama3")
    let adapter = try Self.calibrate(model).adapter
    try adapter.write(to: folder.file("a"))
    #expect(try Adapter.read(folder.file("a")) == adapter)
    let sparse = try Model.load(model.path, options: LoadOptions(adapter: folder.file("a")))
    #expect(sparse.configuration == model.configuration)
    let other = #expect(throws: SparrowError.self) {
      try Model.load(
        Fixtures.path("models/smollm2"), options: LoadOptions(adapter: folder.file("a")))
    }
    #expect(other?.kind == .mismatch)
  }

  /// Stops in every part of the work.
  @Test(arguments: [0, 0.2, 0.51, 0.55, 0.6, 0.66, 0.81, 1])
  func stops(at end: Double) throws {
    let model = try Self.model("llama3")
    let error = #expect(throws: SparrowError.self) {
      _ = try VocabularyCalibration.fit(
        model: model, text: Self.text, options: Self.options,
        progress: Progress { $0.fraction < end })
    }
    #expect(error?.kind == .cancelled)
  }

  @Test func refusesShortTexts() throws {
    let model = try Self.model("llama3")
    let error = #expect(throws: SparrowError.self) {
      _ = try VocabularyCalibration.fit(model: model, text: "short", options: Self.options)
    }
    #expect(error?.kind == .argument && error?.field == "text")
  }
}
