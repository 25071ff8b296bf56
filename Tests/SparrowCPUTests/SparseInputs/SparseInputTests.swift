import CSparrowKernels
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

/// Masked-dense identity: matrices that read large inputs only give what they give with the small
/// ones zeroed.
@Suite(.serialized) struct SparseInputTests {
  /// The same threshold for every input of every layer, or for some.
  static func plans(
    _ model: ModelConfiguration, _ value: Float, _ inputs: [LayerInput] = LayerInput.allCases
  ) -> [Int: InputPlan] {
    let thresholds = inputs.map { ($0, InputPlan.Threshold($0 == .down ? value / 4 : value)) }
    let plan = InputPlan(Dictionary(uniqueKeysWithValues: thresholds))
    return Dictionary(uniqueKeysWithValues: model.layers.indices.map { ($0, plan) })
  }

  static func engine(
    _ binding: WeightBinding, threads: Int = 2, _ plans: [Int: InputPlan]
  ) throws -> CPUEngine {
    try CPUEngine(
      binding, pool: try WorkerPool(count: threads), maximumRows: 32,
      plan: SparsePlan(inputs: plans))
  }

  static func step(
    _ engine: CPUEngine, _ tokens: [Int32], _ caches: [SequenceState], audit: StepAudit? = nil
  ) -> [[Float]] {
    engine.step(.decode(tokens, of: caches, probes: StepProbes(audit: audit)))
    return tokens.indices.map { Array(engine.hidden(row: $0)) }
  }

  static func caches(_ engine: CPUEngine, _ count: Int) throws -> [SequenceState] {
    try (0..<count).map { _ in try engine.sequence(capacity: 16, type: .f32) }
  }

  @Test("small inputs count as zeros, in every family", arguments: 0..<Fixtures.models.count)
  func families(index: Int) throws {
    let binding = try SparseAttentionTests.binding(Fixtures.models[index])
    let some: [[LayerInput]] = [
      LayerInput.allCases, [.attention, .down], [.output, .feedForward],
    ]
    let plans = Self.plans(binding.configuration, 0.5, some[index % 3])
    let engine = try Self.engine(binding, threads: 1 + index % 2, plans)
    let reference = try InputReference(binding, engine.pool, plans)
    for batch in [1, 2 + index % 7] {
      let own = try Self.caches(engine, batch)
      let other = try Self.caches(engine, batch)
      for turn in 0..<3 {
        let tokens = (0..<batch).map { Int32((turn * 13 + $0 * 5) % engine.model.vocabulary) }
        let found = Self.step(engine, tokens, own)
        for (found, expected) in zip(found, reference.step(tokens, other)) {
          #expect(relativeError(found, expected.map(Double.init)) < 1e-5, "batch of \(batch)")
        }
      }
    }
  }

  @Test("density 1 is the dense model, in every family", arguments: Fixtures.models)
  func everything(name: String) throws {
    let binding = try SparseAttentionTests.binding(name)
    let tokens = Array(try Fixtures.expected(name).tokens.prefix(8))
    for threshold: Float in [0, -1] {
      let engine = try Self.engine(binding, Self.plans(binding.configuration, threshold))
      let sparse = try logits(engine, tokens, chunk: 1)
      let dense = try logits(engine, tokens, chunk: 1, isDense: true)
      #expect(sparse != dense, "the sparse program did not run")
      #expect(relativeError(sparse, dense.map(Double.init)) <= 2e-5)
    }
  }

  @Test(
    "every format, batches of 1 to 8: exact to the stored weights",
    arguments: Array(ElementType.weightTypes.enumerated()).map { ($0, $1) })
  func formats(turn: Int, type: ElementType) throws {
    for file in SparseFeedForwardTests.files(type, turn: turn) {
      let folder = try TemporaryFolder()
      let path = try folder.write("model.gguf", file.bytes())
      for batch in [1, 2 + turn % 7] {
        let plan = InputPlan([.feedForward: .init(0.6), .down: .init(0.05)])
        let network = try SparseNetwork(
          path: path, threads: 1 + (turn + batch) % 3, [:], inputs: [0: plan])
        let tokens = (0..<Int32(batch)).map { $0 * 3 }
        for (token, found) in zip(tokens, network.step(tokens)) {
          let expected = network.reference(token, plan)
          #expect(relativeError(found, expected) < 1e-5, "batch of \(batch)")
        }
      }
    }
  }

  @Test("prompts and wide batches run dense")
  func wideBatches() throws {
    let network = try SparseNetwork(
      NetworkModel(type: .q8_0), threads: 1, [:], inputs: [0: InputPlan([.down: .init(0.1)])])
    for width: Int32 in [16, 17] {
      let sparse = network.step(Array(0..<width))
      network.isDense = true
      #expect((network.step(Array(0..<width)) == sparse) == (width > 16))
      network.isDense = false
    }
  }

  @Test("sparse inputs beside selected neurons, and beside selected heads")
  func beside() throws {
    let binding = try SparseAttentionTests.binding("llama3")
    let model = binding.configuration
    let tokens = try Fixtures.expected("llama3").tokens
    let neurons = Dictionary(
      uniqueKeysWithValues: model.layers.indices.map {
        ($0, FeedForwardPlan(predictor: .exact, selector: .threshold(0)))
      })
    let pool = try WorkerPool(count: 2)
    let engines = [
      try CPUEngine(
        binding, pool: pool, maximumRows: 32,
        plan: SparsePlan(
          networks: neurons, inputs: Self.plans(model, 0, [.attention, .output]))),
      try CPUEngine(
        binding, pool: pool, maximumRows: 32,
        plan: SparsePlan(
          attention: AttentionPlans.everything(model),
          inputs: Self.plans(model, 0, [.feedForward, .down]))),
    ]
    for engine in engines {
      let sparse = try logits(engine, tokens, chunk: 1)
      let dense = try logits(engine, tokens, chunk: 1, isDense: true)
      #expect(relativeError(sparse, dense.map(Double.init)) <= 2e-5)
    }
    let error = #expect(throws: SparrowError.self) {
      try SparsePlan(networks: neurons, inputs: Self.plans(model, 0, [.down]))
        .check(model, file: "plan")
    }
    #expect(error?.kind == .mismatch && error?.field == "layers.0.inputs.down")
  }

  @Test("an audit counts the inputs that are kept, and changes nothing")
  func audit() throws {
    let binding = try SparseAttentionTests.binding("gemma3")
    let engine = try Self.engine(binding, Self.plans(binding.configuration, 0.5))
    let plain = Self.step(engine, [3, 4], try Self.caches(engine, 2))
    let read = engine.bytesPerToken
    let audit = engine.makeAudit()
    #expect(
      Self.step(engine, [3, 4], try Self.caches(engine, 2), audit: audit) == plain)
    #expect(audit.layers.count == 4 * engine.model.layers.count)
    #expect(audit.layers.allSatisfy { $0.steps == 2 && $0.recall == nil })
    #expect(audit.layers.allSatisfy { $0.density > 0.05 && $0.density < 0.95 })
    // What is counted is what is read: the rows of all columns of this model are padded to 64.
    let whole = try Self.engine(binding, Self.plans(binding.configuration, -1))
    var unread = 0.0
    for layer in audit.layers {
      let input = try #require(LayerInput.allCases.first { .init($0) == layer.kind })
      for kind in input.matrices where binding[WeightRole(kind, layer: layer.layer)] != nil {
        let matrix = engine.packed.matrix(WeightRole(kind, layer: layer.layer)).pointee
        let column = PartialSums.padded(Int(matrix.rows)) * (matrix.format == SK_F32 ? 4 : 2)
        unread += (1 - layer.density) * Double(column * layer.groups)
      }
    }
    #expect(abs(Double(whole.bytesPerToken - read) - unread) < Double(audit.layers.count * 3))
  }
}
