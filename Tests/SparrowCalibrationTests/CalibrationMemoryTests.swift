import Sparrow
import SparrowCore
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCalibration

/// Layers in groups: as much as memory allows, and the same whatever it is.
@Suite(.serialized) struct CalibrationMemoryTests {
  private static func lowRank() -> FeedForwardCalibration.Options {
    FeedForwardCalibrationTests.options(.lowRank) { ($0.lookahead, $0.layers) = (true, .all) }
  }

  private static func attention() -> AttentionCalibration.Options {
    var options = AttentionCalibration.Options()
    (options.tokens, options.window, options.target) = (1500, 64, .density(0.75))
    options.lookahead = true
    return options
  }

  @Test("layers in several passes are the layers of one", arguments: ["gpt2", "llama3"])
  func sameBits(name: String) throws {
    let model = try VocabularyCalibrationTests.model(name, threads: 1)
    let sketch = FeedForwardCalibrationTests.options(.sketch) { ($0.rank, $0.layers) = (0, .all) }
    for networks in [sketch, Self.lowRank()] {
      let attention = networks.method == .lowRank ? Self.attention() : nil
      let choices = try [nil, 1].map { count in
        try LayerCalibration(
          model, text: VocabularyCalibrationTests.text, networks: networks, attention: attention
        ).choose(layersAtOnce: count)
      }
      #expect(choices[0].networks?.layers == choices[1].networks?.layers)
      #expect(choices[0].attention?.layers == choices[1].attention?.layers)
      #expect(choices[0].networks?.layers.count == model.configuration.layers.count)
    }
  }

  @Test("a run that was stopped in a later pass goes on there")
  func resumes() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let folder = try TemporaryFolder()
    let file = RecordingFile(adapter: folder.file("a"), modelHash: "m")
    let layers = try LayerCalibration(
      model, text: VocabularyCalibrationTests.text, networks: Self.lowRank())
    let error = #expect(throws: SparrowError.self) {
      try layers.choose(
        layersAtOnce: 1, recording: file, progress: Progress { $0.fraction < 0.3 })
    }
    #expect(error == .stopped)
    #expect(folder.names == ["a.recording-1.safetensors", "a.recording.safetensors"])
    var resumed = 0
    let progress = Progress { report in
      if report.label.contains("resumed") { resumed += 1 }
      return true
    }
    let again = try layers.choose(layersAtOnce: 1, recording: file, progress: progress)
    #expect(resumed > 0)
    #expect(try layers.choose().networks?.layers == again.networks?.layers)
    try file.remove()
    #expect(folder.names.isEmpty)
  }

  /// Llama 2 7B's sizes.
  private static func large() throws -> ModelConfiguration {
    var model = try VocabularyCalibrationTests.model("llama3", threads: 1).configuration
    (model.hidden, model.vocabulary, model.embeddingWidth) = (4096, 32000, 4096)
    model.contextLength = 4096
    var layer = model.layers[0]
    layer.feedForward.width = 11008
    (layer.attention.heads, layer.attention.keyValueHeads) = (32, 32)
    layer.attention.headDimension = 128
    model.layers = Array(repeating: layer, count: 32)
    return model
  }

  @Test("the limit is kept with as many layers as it allows, in passes of equal size")
  func keepsTheLimit() throws {
    let memory = CalibrationMemory(
      try Self.large(), weightBytes: 4_000_000_000,
      .init(networks: FeedForwardCalibration.Options()))
    let all = try memory.plan(within: nil)
    #expect(all.layersAtOnce == 32 && all.peak == memory.peak(layersAtOnce: 32))
    var last = 0
    for limit in stride(from: memory.peak(layersAtOnce: 1), through: all.peak, by: 300_000_000) {
      let plan = try memory.plan(within: limit)
      #expect(plan.peak <= limit && plan.layersAtOnce >= last)
      last = plan.layersAtOnce
    }
    let error = #expect(throws: SparrowError.self) { try memory.plan(within: 1_000_000_000) }
    #expect(error?.kind == .argument && error?.field == "memory" && error?.found == "1.00 GB")
    let least = Quantity.bytes(memory.peak(layersAtOnce: 1))
    #expect(error?.expected == "at least \(least), with one layer at a time")
  }

  @Test("a limit that cannot be kept is refused before any work")
  func refusesFirst() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    var request = Calibration.Request(networks: Self.lowRank(), attention: Self.attention())
    request.memory = 1_000_000
    let error = #expect(throws: SparrowError.self) {
      try Calibration.run(
        request, of: model, on: VocabularyCalibrationTests.text, progress: Progress { _ in false })
    }
    #expect(error?.field == "memory")
  }
}
