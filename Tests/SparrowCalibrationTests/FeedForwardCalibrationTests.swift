import Sparrow
import SparrowCPU
import SparrowCore
import SparrowFormats
import SparrowNumerics
import SparrowSparsity
import SparrowTestSupport
import Testing

@testable import SparrowCalibration

/// Fitting sparse networks of tiny models.
@Suite(.serialized) struct FeedForwardCalibrationTests {
  static let text = VocabularyCalibrationTests.text
  static let otherText = String(
    repeating: "Quick zebras, vexed by 40 jumping foxes; why do you hum a dull tune? ", count: 30)

  static func options(
    _ method: FeedForwardCalibration.Method,
    _ change: (inout FeedForwardCalibration.Options) -> Void
  ) -> FeedForwardCalibration.Options {
    var options = FeedForwardCalibration.Options()
    options.method = method
    options.tokens = 1500
    options.window = 64
    options.rank = 32
    change(&options)
    return options
  }

  static func relu() throws -> Model {
    try Model.load(
      Fixtures.path("relu/model.gguf"), options: LoadOptions(threads: 1, prefillTokens: 40))
  }

  /// The activity was planted with rank 16.
  @Test(arguments: [FeedForwardCalibration.Method.lowRank, .router])
  func findsPlantedActivityInAnotherText(method: FeedForwardCalibration.Method) throws {
    let model = try Self.relu()
    let (plans, reports) = try FeedForwardCalibration.fit(
      model: model, text: Self.text, options: Self.options(method) { $0.rank = 16 })
    let text = try StateRecorder(
      model, text: Self.otherText, tokens: 1000, window: 64, minimum: 2)
    let pass = TextPass(model, text, samples: 120)
    let other = LayerRecorder(pass)
    try pass.run([other], progress: .none)
    for (layer, plan) in plans {
      let maps: LinearPredictor
      let least: Float
      switch (plan.predictor, plan.selector) {
      case (.lowRank(let own), .threshold(let threshold)): (maps, least) = (own, threshold)
      case (.router(let own), .threshold(0.5)): (maps, least) = (own, 0)
      default: throw SparrowError(.malformed, found: "\(plan.selector)")
      }
      let record = other.layers[layer]
      let scores = LinearPrediction.scores(
        maps, inputs: record.inputs, samples: other.samples, pool: model.pool)
      var (firing, found, kept) = (0, 0, 0)
      for sample in 0..<other.samples {
        for neuron in 0..<scores.columns {
          let isKept = scores[sample][neuron] >= least
          let fires = record.activations[sample][neuron] != 0
          kept += isKept ? 1 : 0
          firing += fires ? 1 : 0
          found += isKept && fires ? 1 : 0
        }
      }
      #expect(firing > 0)
      #expect(Double(found) >= 0.95 * Double(firing))
      #expect(Double(kept) <= 1.3 * Double(firing))
    }
    #expect(reports.allSatisfy { $0.recall >= 0.99 && $0.loss < 0.01 })
  }

  /// What is nearly exact has one threshold for all tokens of a layer; coarser scores keep as many
  /// for each.
  @Test(arguments: [SketchCoding.int4, .lowRank, .product])
  func onlyNearlyExactSketchesHaveAThreshold(coding: SketchCoding) throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let (plans, _) = try FeedForwardCalibration.fit(
      model: model, text: Self.text,
      options: Self.options(.sketch) { ($0.coding, $0.codes, $0.density) = (coding, 8, 0.25) })
    for plan in plans.values {
      switch plan.selector {
      case .threshold(let least): #expect(coding == .int4 && least > 0)
      case let selector:
        #expect(coding != .int4)
        #expect(selector == .topK(model.configuration.layers[0].feedForward.width / 4))
      }
      #expect(plan.density == 0.25)
    }
  }

  @Test func estimatesAreUsualWhereAPerplexityIsToBeKept() {
    func usual(
      _ method: FeedForwardCalibration.Method = .sketch, rest: FeedForwardCalibration.Rest? = nil,
      coding: SketchCoding? = nil, firesRarely: Bool = false,
      layers: FeedForwardCalibration.Layers = .target(.perplexity(1.03)),
      _ change: (inout FeedForwardCalibration.Options) -> Void = { _ in }
    ) -> String {
      var options = FeedForwardCalibration.Options()
      (options.method, options.rest, options.coding) = (method, rest, coding)
      options.layers = layers
      change(&options)
      let settled = options.settled(firesRarely: firesRarely)
      return "\(settled.rest!) \(settled.coding!)"
    }
    #expect(usual() == "sketch int5")
    #expect(usual(coding: .int4) == "sketch int4")
    #expect(usual(rest: .nothing) == "nothing int4")
    #expect(usual(rest: .estimate, layers: .target(.density(0.5))) == "estimate int5")
    #expect(usual(firesRarely: true) == "nothing int4")
    #expect(usual(coding: .product) == "nothing product")
    #expect(usual(.router) == "nothing int4")
    #expect(usual(layers: .target(.density(0.5))) == "nothing int4")
    #expect(usual(layers: .all) == "nothing int4")
    #expect(usual { $0.groupSize = 8 } == "nothing int4")
    #expect(usual { $0.lookahead = true } == "nothing int4")
  }

  /// What estimates make up for is not lost, as long as they are of the activations themselves; a
  /// sketch of down loses a little of it again.
  @Test func estimatesOfTheRestLoseLittle() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    func fit(
      _ rest: FeedForwardCalibration.Rest
    ) throws -> (kinds: Set<String>, [FeedForwardCalibration.LayerReport]) {
      let (plans, reports) = try FeedForwardCalibration.fit(
        model: model, text: Self.text,
        options: Self.options(.sketch) { ($0.density, $0.rest) = (0.25, rest) })
      return (Set(plans.values.map { "\($0.rest)".prefix(6).description }), reports)
    }
    let (dropped, estimated, sketched) = (try fit(.nothing), try fit(.estimate), try fit(.sketch))
    #expect(dropped.kinds == ["nothin"] && estimated.kinds == ["estima"])
    #expect(sketched.kinds == ["sketch"])
    for index in dropped.1.indices {
      #expect(estimated.1[index].loss < 0.2 * dropped.1[index].loss)
      #expect(sketched.1[index].loss > estimated.1[index].loss)
      #expect(sketched.1[index].loss < 0.3 * dropped.1[index].loss)
    }
  }

  /// Where more neurons are zero than a density leaves out, a quantile of the scores is zero, which
  /// all reach.
  @Test(arguments: [FeedForwardCalibration.Method.sketch, .magnitude])
  func neverKeepsAllForZeros(method: FeedForwardCalibration.Method) throws {
    let model = try Self.relu()
    let (plans, _) = try FeedForwardCalibration.fit(
      model: model, text: Self.text, options: Self.options(method) { $0.density = 0.9 })
    #expect(!plans.isEmpty)
    for (layer, plan) in plans {
      let width = model.configuration.layers[layer].feedForward.width
      switch plan.selector {
      case .threshold(let least): #expect(least > 0)
      case let selector: #expect(selector == .topK(Int((0.9 * Float(width)).rounded())))
      }
    }
  }

  struct Case: CustomTestStringConvertible {
    var method: FeedForwardCalibration.Method
    var groupSize = 1
    var grouping = FeedForwardCalibration.Grouping.natural
    var lookahead = false
    var testDescription: String { "\(method) \(groupSize) \(grouping) \(lookahead)" }
  }

  static let cases =
    FeedForwardCalibration.Method.allCases.map { Case(method: $0) } + [
      Case(method: .sketch, groupSize: 8, grouping: .weights),
      Case(method: .lowRank, groupSize: 8, grouping: .activity),
      Case(method: .router, groupSize: 16, grouping: .weights, lookahead: true),
      Case(method: .exact, groupSize: 16, grouping: .weights),
      Case(method: .lowRank, lookahead: true),
    ]

  /// Fits, writes and runs; a random model's activity is hardly predictable, so recall only has to
  /// beat chance.
  @Test(arguments: cases)
  func everyMethodMakesPlansThatRun(example: Case) throws {
    let folder = try TemporaryFolder()
    let dense = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let (plans, reports) = try FeedForwardCalibration.fit(
      model: dense, text: Self.text,
      options: Self.options(example.method) {
        ($0.groupSize, $0.grouping) = (example.groupSize, example.grouping)
        $0.lookahead = example.lookahead
      })
    #expect(plans.count == dense.configuration.layers.count)
    #expect(plans[0]?.lookahead == false && plans[1]?.lookahead == example.lookahead)
    #expect(reports.allSatisfy { $0.recall > 0.52 && $0.loss < 0.5 })
    let adapter = Adapter(
      baseHash: try Checkpoint.open(dense.path).contentHash(), baseName: dense.path,
      plan: SparsePlan(networks: plans))
    try adapter.write(to: folder.file("a"))
    #expect(try Adapter.read(folder.file("a")) == adapter)
    let sparse = try Model.load(
      dense.path, options: LoadOptions(threads: 1, adapter: folder.file("a")))
    #expect(sparse.configuration == dense.configuration)
  }

  /// Lookahead finds planted activity less well, since half a layer comes between, but far above
  /// chance.
  @Test func looksAheadInSparseNetworks() throws {
    let (plans, reports) = try FeedForwardCalibration.fit(
      model: try Self.relu(), text: Self.text,
      options: Self.options(.lowRank) {
        $0.lookahead = true
        $0.recall = 0.9
      })
    #expect(plans[1]?.lookahead == true)
    #expect(reports[1].recall >= 0.9 && reports[1].density < 0.5)
  }

  @Test func withoutATargetEveryLayerIsSparseAtTheDensity() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let options = Self.options(.router) {
      ($0.groupSize, $0.density, $0.layers) = (8, 0.25, .all)
    }
    let choice = try #require(
      try LayerCalibration(model, text: Self.text, networks: options).choose().networks)
    #expect(choice.layers.count == model.configuration.layers.count)
    for plan in choice.layers.values { #expect(plan.selector == .topK(2) && plan.density == 0.25) }
    #expect(model.plan.networks.isEmpty)
  }

  static let refused:
    [(field: String, change: @Sendable (inout FeedForwardCalibration.Options) -> Void)] = [
      ("tokens", { $0.tokens = 0 }), ("window", { $0.window = 0 }), ("codes", { $0.codes = 0 }),
      ("codes", { $0.codes = 513 }), ("rank", { $0.rank = -1 }), ("rank", { $0.rank = 33 }),
      ("recall", { $0.recall = .nan }), ("density", { $0.density = .nan }),
      ("density", { $0.density = 1.5 }), ("groups", { $0.groupSize = 0 }),
      ("rest", { ($0.method, $0.rest) = (.router, .estimate) }),
      ("rest", { ($0.lookahead, $0.rest) = (true, .estimate) }),
      ("rest", { ($0.coding, $0.rest) = (.product, .sketch) }),
      ("groups", { $0.groupSize = 7 }), ("maps", { $0.mapType = .q6_K }),
    ]

  @Test func refusesOptionsOutsideTheirRanges() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    for (field, change) in Self.refused {
      let error = #expect(throws: SparrowError.self) {
        try FeedForwardCalibration.fit(
          model: model, text: Self.text, options: Self.options(.sketch, change))
      }
      #expect(error?.kind == .argument && error?.field == field)
    }
  }

  /// 72 neurons are no whole groups of 16.
  @Test func refusesGroupsThatDoNotDivideTheNeurons() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    var configuration = model.configuration
    configuration.layers[1].feedForward.width = 72
    var options = FeedForwardCalibration.Options()
    options.groupSize = 8
    try options.validate(configuration)
    options.groupSize = 16
    let error = #expect(throws: SparrowError.self) { try options.validate(configuration) }
    #expect(error?.kind == .argument && error?.expected == "a divisor of 72 neurons")
  }

  /// A window as long as the context leaves no sample empty, whatever was asked for.
  @Test func samplesAreOfTheWindowsThatRan() throws {
    let model = try VocabularyCalibrationTests.model("gpt2", threads: 1)
    let length = model.configuration.contextLength
    let text = try StateRecorder(
      model, text: Self.text, tokens: 1500, window: 4 * length, minimum: 2)
    let pass = TextPass(model, text, samples: 1000)
    let recorder = LayerRecorder(pass)
    try pass.run([recorder], progress: .none)
    #expect(recorder.samples > 0)
    for sample in 0..<recorder.samples {
      let inputs = UnsafeBufferPointer(
        start: recorder.layers[0].inputs[sample], count: model.configuration.hidden)
      #expect(inputs.contains { $0 != 0 }, "sample \(sample)")
    }
  }

  @Test func magnitudesNeedAGate() throws {
    let model = try VocabularyCalibrationTests.model("gpt2", threads: 1)
    let error = #expect(throws: SparrowError.self) {
      try FeedForwardCalibration.fit(
        model: model, text: Self.text, options: Self.options(.magnitude) { _ in })
    }
    #expect(error?.kind == .unsupported)
  }
}
