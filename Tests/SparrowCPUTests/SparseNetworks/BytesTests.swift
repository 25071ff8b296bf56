import CSparrowKernels
import SparrowBlocks
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

/// What steps read of packed weights is what is told.
@Suite(.serialized) struct BytesTests {
  private static func engine(
    _ file: NetworkModel, threads: Int = 1, _ plan: FeedForwardPlan
  ) throws -> CPUEngine {
    try CPUEngine(
      WeightBinding(file), pool: WorkerPool(count: threads), maximumRows: 32,
      plan: SparsePlan(networks: [0: plan]))
  }

  private static func engine(
    _ name: String, _ plan: (ModelConfiguration) -> SparsePlan
  ) throws -> CPUEngine {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + name))
    return try CPUEngine(
      binding, pool: WorkerPool(count: 2), maximumRows: 32, plan: plan(binding.configuration))
  }

  private static func step(_ engine: CPUEngine, _ tokens: [Int32]) throws {
    engine.step(.decode(tokens, of: try tokens.map { _ in try engine.sequence(capacity: 2) }))
  }

  @Test func aSketchedLayerReadsWhatIsSelectedOfAllThreeMatrices() throws {
    var random = SeededRandom(seed: 2)
    let down = SketchRows(
      coding: .int5, directions: 160,
      bytes: ElementType.q5_0.randomBytes(elements: 128 * 160, &random))
    let plan = FeedForwardPlan(
      predictor: RandomPredictor.int5.make(hidden: 128, width: 160, group: 1, isGated: true),
      selector: .topK(40), rest: .sketch(down: down))
    let engine = try Self.engine(NetworkModel(type: .f32, hidden: 128), threads: 2, plan)
    try Self.step(engine, [1])
    guard case .sketch(let sketch) = plan.predictor else { return }
    #expect(
      engine.feedForwardBytes.sparse
        == 40 * 3 * 128 * 4 + sketch.byteCount + 128 * 160 / 32 * 22)
  }

  @Test func onlyColumnsOfKeptNeuronsAreRead() throws {
    let plan = FeedForwardPlan(
      predictor: .exact, selector: .threshold(-.infinity), kept: .topK(10))
    let engine = try Self.engine(NetworkModel(type: .f32), plan)
    let dense = engine.denseBytesPerToken
    try Self.step(engine, [3])
    // A column of 96 rows is padded to 128.
    #expect(dense - engine.bytesPerToken == 4 * 96 * 160 - 4 * 128 * 10)
    try Self.step(engine, [3, 4, 5])
    let mean = try #require(engine.networks?.scores[0]?.reads.mean)
    #expect(mean.neurons == 160 && mean.columns == 10)
  }

  @Test("bytes fall with the heads that are left out")
  func heads() throws {
    let dense = try Self.engine("llama2") { _ in .dense }
    let sparse = try Self.engine("llama2") {
      SparsePlan(attention: AttentionPlans.evenHeads($0))
    }
    _ = try logits(sparse, (0..<32).map { $0 }, chunk: 1)
    let model = sparse.model
    let matrix = model.hidden * model.hidden * 4
    let predictors = model.layers.count * 4 * (model.hidden * 2 + 4)
    // Half of query and output, whose columns are padded to 64 rows; of key and value half, and a
    // 16th of the rest as it catches up.
    let output = 64 / Double(model.hidden)
    let left = (0.5 + 0.5 * output + 2 * (0.5 + 0.5 / 16)) * Double(matrix * model.layers.count)
    let expected = dense.bytesPerToken - 4 * matrix * model.layers.count + Int(left) + predictors
    #expect(abs(sparse.bytesPerToken - expected) <= 16)
    #expect(sparse.unreadCacheElements == model.cacheElementsPerToken / 2)
  }

  @Test("and with the inputs")
  func inputs() throws {
    func engine(_ threshold: Float) throws -> CPUEngine {
      try Self.engine("gemma3") { SparsePlan(inputs: InputPlans.all($0, threshold)) }
    }
    let own = try engine(0.5)
    let audit = own.makeAudit()
    _ = try logits(own, [3, 4], chunk: 1, probes: StepProbes(audit: audit))
    var unread = 0.0
    for layer in audit.layers {
      let input = try #require(LayerInput.allCases.first { .init($0) == layer.kind })
      for kind in input.matrices {
        let role = WeightRole(kind, layer: layer.layer)
        guard own.packed.byteCount(of: role) != nil else { continue }
        let matrix = own.packed.matrix(role).pointee
        // The rows of all columns of this model are padded to 64.
        let column = PartialSums.padded(Int(matrix.rows)) * (matrix.format == SK_F32 ? 4 : 2)
        unread += (1 - layer.density) * Double(column * layer.groups)
      }
    }
    let whole = try engine(-1)
    #expect(
      abs(Double(whole.bytesPerToken - own.bytesPerToken) - unread)
        < Double(audit.layers.count * 3))
  }
}
