import SparrowBlocks
import SparrowCore
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Thresholds of inputs: their files, and the program that they make.
@Suite struct InputPlanTests {
  static func adapter() -> Adapter {
    Adapter(
      baseHash: String(repeating: "0123456789abcdef", count: 4), baseName: "base",
      plan: SparsePlan(
        networks: [1: FeedForwardPlan(predictor: .exact, selector: .topK(5))],
        inputs: [
          0: InputPlan([
            .attention: .init(0.25, density: 0.5), .output: .init(0.1), .feedForward: .init(0),
            .down: .init(-1, density: 1),
          ]),
          1: InputPlan([.attention: .init(0.0625)]),
        ]))
  }

  @Test func readsWhatItWrote() throws {
    let folder = try TemporaryFolder()
    try Self.adapter().write(to: folder.file("a"))
    #expect(try Adapter.read(folder.file("a")) == Self.adapter())
  }

  @Test(arguments: [
    AdapterChange(
      "\"threshold\": 0.25", "\"threshold\": \"x\"", .malformed,
      "layers.0.inputs.attention.threshold"),
    AdapterChange(
      "\"density\": 0.5", "\"density\": 1.5", .malformed, "layers.0.inputs.attention.density"),
    AdapterChange(
      "\"threshold\": 0.0625", "\"value\": 1", .malformed, "layers.1.inputs.attention.threshold"),
    AdapterChange(
      "\"output\": {", "\"output\": [], \"other\": {", .malformed, "layers.0.inputs.output"),
  ])
  func namesTheField(change: AdapterChange) throws { try change.expectRefusal(of: Self.adapter()) }

  @Test func refusesToWriteWhatIsNoNumber() throws {
    var adapter = Self.adapter()
    adapter.plan.inputs[0]?.thresholds[.down]?.value = .nan
    let folder = try TemporaryFolder()
    let error = #expect(throws: SparrowError.self) { try adapter.write(to: folder.file("a")) }
    #expect(error?.field == "layers.0.inputs.down.threshold")
  }

  @Test func matricesHaveOnePlan() throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("models/llama3"))
    let model = try ModelConfiguration(
      huggingFace: try #require(checkpoint.config), file: checkpoint.path)
    let networks = [0: FeedForwardPlan(predictor: .exact, selector: .topK(5))]
    for input in LayerInput.allCases {
      let plan = SparsePlan(networks: networks, inputs: [0: InputPlan([input: .init(0)])])
      guard input == .feedForward || input == .down else {
        try plan.check(model, file: "plan")
        continue
      }
      let error = #expect(throws: SparrowError.self) { try plan.check(model, file: "plan") }
      #expect(error?.kind == .mismatch && error?.field == "layers.0.inputs.\(input.rawValue)")
    }
  }

  @Test func theProgramShowsWhatATokenReads() throws {
    let folder = try TemporaryFolder()
    let file = NetworkModel(type: .f32, hidden: 96, width: 512)
    let checkpoint = try Checkpoint.open(folder.write("model.gguf", file.bytes()))
    let model = try ModelConfiguration(gguf: checkpoint)
    let binding = try WeightBinding(checkpoint: checkpoint, configuration: model)
    func lines(_ plan: InputPlan) throws -> [String] {
      let plan = SparsePlan(inputs: [0: plan])
      try plan.check(model, file: "plan")
      return plan.rewrite(StepProgram(model)).text(binding, plan: plan)
        .split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        .filter { $0.contains("[I]") || $0.hasPrefix("ffn") }
    }
    let all = InputPlan([
      .attention: .init(0.5, density: 0.5), .output: .init(0.25), .feedForward: .init(0.125),
      .down: .init(0.75, density: 0.25),
    ])
    #expect(
      try lines(all) == [
        "qkv x[I] -> q, k, v 0.06 of 0.11 MB |x| > 0.5",
        "project a[I] -> h += part of 0.04 MB |a| > 0.25",
        "gate, up x[I] -> g, n part of 0.39 MB |x| > 0.125",
        "down n[I] -> h += 0.05 of 0.20 MB |n| > 0.75",
      ])
    #expect(
      try lines(InputPlan([.down: .init(0.75)])) == [
        "down n[I] -> h += part of 0.20 MB |n| > 0.75"
      ])
    #expect(try lines(InputPlan([.output: .init(0.75)])).last == "ffn x -> h += 0.59 MB")
  }
}
