import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTraining

@Suite struct TrainingMetricsTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("metrics.jsonl")
  }

  private static func step(_ step: Int) -> TrainingStep {
    TrainingStep(
      step: step, loss: 3 / Double(step), heldOutLoss: step % 4 == 0 ? 2.5 : nil,
      density: 0.5, eta: 1e-3, learningRate: 3e-4, gradientNorm: 1.25, tokensPerSecond: 41_234,
      parts: [.init(name: "task", value: 2), .init(name: "separation", value: 0.125)])
  }

  private func write(_ steps: ClosedRange<Int>, resumedAfter step: Int? = nil) throws {
    var metrics = try TrainingMetrics(path: path, resumedAfter: step)
    for step in steps {
      try metrics.append(Self.step(step))
      #expect(try TrainingMetrics.read(path).last?.step == step)
    }
  }

  @Test func stepsAreReadAsTheyWereWritten() throws {
    try write(1...8)
    #expect(try TrainingMetrics.read(path) == (1...8).map(Self.step))
    let first = try String(
      decoding: folder.read("metrics.jsonl").prefix { $0 != 10 }, as: UTF8.self)
    #expect(
      first == #"{"step":1,"loss":3.0,"density":0.5,"eta":0.001,"learning_rate":0.0003,"#
        + #""gradient_norm":1.25,"tokens_per_second":41234.0,"task":2.0,"separation":0.125}"#)
  }

  @Test func aResumedRunsFileIsThatOfAnUnbrokenOne() throws {
    try write(1...8)
    let whole = try folder.read("metrics.jsonl")
    try write(1...7)
    // Killed in the middle of a line.
    try folder.write("metrics.jsonl", folder.read("metrics.jsonl").dropLast(20))
    try write(5...8, resumedAfter: 4)
    #expect(try folder.read("metrics.jsonl") == whole)
    try write(1...2, resumedAfter: 0)
    #expect(try TrainingMetrics.read(path).map(\.step) == [1, 2])
    #expect(folder.names == ["metrics.jsonl"])
  }

  @Test func aNewRunBeginsANewFile() throws {
    try write(1...8)
    try write(1...1)
    #expect(try TrainingMetrics.read(path) == [Self.step(1)])
  }

  @Test func aLossThatIsNoNumberIsReadAsOne() throws {
    var metrics = try TrainingMetrics(path: path)
    try metrics.append(TrainingStep(step: 1, loss: .nan, learningRate: 0, tokensPerSecond: 1))
    #expect(try TrainingMetrics.read(path)[0].loss.isNaN)
  }

  @Test func filesOfSomethingElseAreRefused() throws {
    for content in ["{\"step\":1,\"loss\":2}\nnotes\n", "{\"loss\":2}\n", "[]\n"] {
      try folder.write("metrics.jsonl", content)
      let error = #expect(throws: SparrowError.self) {
        _ = try TrainingMetrics(path: path, resumedAfter: 1)
      }
      #expect(error?.kind == .malformed && error?.file == path)
      #expect(error?.field.hasPrefix("line ") == true)
      #expect(try folder.read("metrics.jsonl") == Array(content.utf8))
    }
  }

  @Test func aFullDiskIsTold() throws {
    var full = try AppendingFile(path: "/dev/full")
    let error = #expect(throws: SparrowError.self) { try full.write([1]) }
    #expect(error?.kind == .system && error?.found == "No space left on device")
  }
}
