import Sparrow
import SparrowBlocks
import SparrowEngine
import SparrowCore
import SparrowFormats
import SparrowMeasure
import SparrowSparsity
import SparrowTestModels
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowEvaluation

/// Adapters that change weights are compared with the base model, not with their own dense program.
@Suite struct UpdateFidelityTests {
  private static let path = Fixtures.path("models/llama3")

  /// The tiny model with an update of a gate of this scale and, on request, sparse layers.
  private static func load(scale: Float, isSparse: Bool = false) throws -> Model {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoint.open(path)
    let role = WeightRole(.gate, layer: 0)
    let source = try #require(try ModelDescription(checkpoint).binding[role])
    var random = SeededRandom(seed: 4)
    func matrix(_ rows: Int, _ columns: Int) -> PredictorMatrix {
      PredictorMatrix(
        rows: rows, columns: columns, type: .f16,
        bytes: ElementType.f16.randomBytes(elements: rows * columns, &random))
    }
    let update = LowRankUpdate(
      a: matrix(4, source.columns), b: matrix(source.rows.count, 4), scale: scale)
    let plan = FeedForwardPlan(predictor: .gate, selector: .topK(32))
    try Adapter(
      baseHash: checkpoint.contentHash(), baseName: path,
      plan: SparsePlan(networks: isSparse ? [1: plan] : [:]),
      updates: WeightUpdates(matrices: [role: update])
    ).write(to: folder.file("a"))
    return try Model.load(path, options: LoadOptions(threads: 2, adapter: folder.file("a")))
  }

  private static func fidelity(_ model: Model) throws -> Fidelity {
    try Fidelity.measure(model, text: SparseModel.text, context: 32, windows: 2)
  }

  private static func perplexity(_ model: Model) throws -> Perplexity {
    try Perplexity.measure(model, text: SparseModel.text, context: 32, windows: 2)
  }

  @Test func theDenseSideIsTheBaseModel() throws {
    let base = try Model.load(Self.path, options: LoadOptions(threads: 2))
    let model = try Self.load(scale: 4)
    let found = try Self.fidelity(model)
    #expect(found.denseLoss == (try Self.perplexity(base)).losses)
    #expect(found.sparseLoss == (try Self.perplexity(model)).losses)
    #expect(found.body.divergence.mean > 1e-4)
    #expect(try model.base() === model.base() && model.base() !== model)
    #expect(found.layers.isEmpty && !model.isSparse && model.changesWeights)
  }

  @Test func anUpdateOfNothingChangesNothing() throws {
    let found = try Self.fidelity(try Self.load(scale: 0))
    #expect(found.ratio == 1 && found.body.divergence.mean == 0 && found.body.sameTop.mean == 1)
  }

  @Test func sparseLayersAreAuditedOverTheMergedWeights() throws {
    let model = try Self.load(scale: 4, isSparse: true)
    let base = try Model.load(Self.path, options: LoadOptions(threads: 2))
    let found = try Self.fidelity(model)
    #expect(found.denseLoss == (try Self.perplexity(base)).losses)
    #expect(found.layers.map(\.layer) == [1] && found.layers[0].steps == found.positions)
    let speed = try #require(found.speed)
    #expect(speed.denseBytes == base.bytesPerToken && speed.sparseBytes < speed.denseBytes)
    #expect((speed.denseTimes?.feedForward ?? 0) > 0 && (speed.sparseTimes?.select ?? 0) > 0)
  }

  @Test func tasksAreAnsweredByTheBaseModelToo() throws {
    let items = try TaskItem.parse(
      #"{"prompt": "the sparrow", "choices": [" ate", " was"], "answer": 0}"#, file: "t")
    let model = try Self.load(scale: 4)
    let base = try Model.load(Self.path, options: LoadOptions(threads: 2))
    func logProbabilities(_ model: Model) throws -> [Double] {
      try TaskRun(model, maximumTokens: 4).logProbabilities(of: [" ate", " was"], items[0])
    }
    let own = try TaskRun.answers(model, to: items, maximumTokens: 4, isDense: false)
    let dense = try TaskRun.answers(model, to: items, maximumTokens: 4, isDense: true)
    #expect(own.count == 1 && dense.count == 1)
    #expect(try logProbabilities(model.base()) == logProbabilities(base))
    #expect(try logProbabilities(model) != logProbabilities(base))
  }

  @Test func aModelWithoutUpdatesIsItsOwnBase() throws {
    let model = try SparseModel.loadSparseBody()
    #expect(try model.base() === model)
  }

  @Test func theBenchmarkRunsBothSides() throws {
    let model = try Self.load(scale: 4)
    let found = try Benchmark.run(
      model, options: .init(promptTokens: 0, decodeTokens: 2, repetitions: 1))
    let dense = try #require(found.dense)
    #expect(dense.bytesPerToken == found.bytesPerToken && dense.decode.minimum > 0)
  }
}
