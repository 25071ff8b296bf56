import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import SparrowCPU

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Sparse attention of whole models against dense attention with the unselected heads' results left
/// out.
@Suite(.serialized) struct SparseAttentionTests {
  static let models = [
    "opt", "opt-350m", "gpt2", "llama2", "llama3", "mistral", "qwen3", "gemma3", "gpt-neox",
    "cohere", "smollm3",
  ]

  static func binding(_ name: String) throws -> WeightBinding {
    let isGGUF = name.hasSuffix(".gguf")
    let path = Fixtures.path((isGGUF ? "gguf/" : "models/") + name)
    let checkpoint = try Checkpoint.open(path)
    let model =
      isGGUF
      ? try ModelConfiguration(gguf: checkpoint)
      : try ModelConfiguration(huggingFace: try #require(checkpoint.config), file: path)
    return try WeightBinding(checkpoint: checkpoint, configuration: model)
  }

  static func engine(
    _ name: String, threads: Int = 2, _ plans: (ModelConfiguration) -> [Int: AttentionPlan]
  ) throws -> CPUEngine {
    let binding = try binding(name)
    let plan = SparsePlan(attention: plans(binding.configuration))
    try plan.check(binding.configuration, file: name)
    return try CPUEngine(
      binding, pool: try WorkerPool(count: threads), maximumRows: 32, plan: plan)
  }

  /// Several tokens are a prompt, one is decoded.
  static func step(
    _ engine: CPUEngine, _ tokens: [Int32], _ cache: SequenceState, audit: StepAudit? = nil
  ) -> [Float] {
    var batch = StepBatch.prompt(tokens, of: cache, probes: StepProbes(audit: audit))
    if tokens.count == 1 { batch.phase = .decode }
    engine.step(batch)
    return Array(engine.hidden(row: tokens.count - 1))
  }

  /// Steps through a sequence: prompts, single tokens past the turns of all heads, and cuts.
  static func follow(
    _ vocabulary: Int, cut: (Int) -> Void, _ step: ([Int32], _ isDense: Bool) throws -> Void
  ) throws {
    var random = SeededRandom(seed: 5)
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32(random.next() % UInt64(vocabulary)) }
    }
    func decode(_ count: Int) throws { for _ in 0..<count { try step(tokens(1), false) } }
    try step(tokens(3), true)
    try decode(20)
    cut(14)
    try decode(7)
    try step(tokens(4), true)
    try decode(3)
    cut(19)
    try decode(18)
    try step(tokens(2), true)
  }

  @Test("selecting every head is the dense model, in every family", arguments: Fixtures.models)
  func everything(name: String) throws {
    let layers = try Self.binding(name).configuration.layers
    guard layers.allSatisfy({ $0.attention.needsAllHeads == nil }) else {
      let error = #expect(throws: SparrowError.self) {
        try Self.engine(name, AttentionPlans.everything)
      }
      #expect(error?.kind == .unsupported)
      return
    }
    let tokens = try Fixtures.expected(name).tokens
    let engine = try Self.engine(name, AttentionPlans.everything)
    let sparse = try logits(engine, tokens, chunk: 1)
    let dense = try logits(engine, tokens, chunk: 1, isDense: true)
    let largest = dense.reduce(0) { max($0, abs($1)) }
    let worst = zip(dense, sparse).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst <= 2e-5 * largest, "worst difference \(worst) of \(largest)")
  }

  @Test("sparse networks and sparse attention work side by side", arguments: ["opt", "llama3"])
  func both(name: String) throws {
    let binding = try Self.binding(name)
    let model = binding.configuration
    let engine = try CPUEngine(
      binding, pool: try WorkerPool(count: 2), maximumRows: 32,
      plan: SparsePlan(
        networks: Dictionary(
          uniqueKeysWithValues: model.layers.indices.map {
            ($0, FeedForwardPlan(predictor: .exact, selector: .threshold(0)))
          }), attention: AttentionPlans.everything(model)))
    let tokens = try Fixtures.expected(name).tokens
    let sparse = try logits(engine, tokens, chunk: 1)
    let dense = try logits(engine, tokens, chunk: 1, isDense: true)
    let worst = zip(sparse, dense).map { abs($0 - $1) }.max()
    #expect(try #require(worst) <= 1e-4)
  }

  static let plans: [@Sendable (ModelConfiguration) -> [Int: AttentionPlan]] = [
    { AttentionPlans.halves($0) }, { AttentionPlans.halves($0, lookahead: true) },
    { AttentionPlans.evenHeads($0) },
  ]

  @Test(
    "results and caches are the same bits as when all heads are computed",
    arguments: models + ["llama2-q8_0.gguf"], [CacheType.f32, .f16])
  func deferredKeys(name: String, type: CacheType) throws {
    for plans in Self.plans {
      let engine = try Self.engine(name, plans)
      let reference = try HeadGroupReference(
        Self.binding(name), engine.pool, plans(engine.model), .sparse)
      let cache = try engine.sequence(capacity: 64, type: type)
      let other = try engine.sequence(capacity: 64, type: type)
      func cut(_ count: Int) {
        cache.truncate(to: count)
        other.truncate(to: count)
      }
      try Self.follow(engine.model.vocabulary, cut: cut) { tokens, isDense in
        let found = Self.step(engine, tokens, cache)
        #expect(found == reference.step(tokens, cache: other, isDense: isDense))
        // A dense step leaves nothing missing.
        if isDense { #expect(Self.isEqual(cache, other, engine.model)) }
      }
    }
  }

  // Of float models: block formats quantise the dense output matrix's input and not the sparse
  // one's.
  @Test("unselected heads count as zeros", arguments: models)
  func maskedDense(name: String) throws {
    let engine = try Self.engine(name) { AttentionPlans.halves($0) }
    let reference = try HeadGroupReference(
      Self.binding(name), engine.pool, AttentionPlans.halves(engine.model), .masked)
    let cache = try engine.sequence(capacity: 64, type: .f32)
    let other = try engine.sequence(capacity: 64, type: .f32)
    func cut(_ count: Int) {
      cache.truncate(to: count)
      other.truncate(to: count)
    }
    try Self.follow(engine.model.vocabulary, cut: cut) { tokens, isDense in
      let found = Self.step(engine, tokens, cache)
      let expected = reference.step(tokens, cache: other, isDense: isDense)
      let largest = expected.reduce(0) { max($0, abs($1)) }
      let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst <= 1e-5 * largest, "worst difference \(worst) of \(largest)")
    }
  }

  /// Whether all filled entries of two caches of one type and capacity are the same bits.
  static func isEqual(_ a: SequenceState, _ b: SequenceState, _ model: ModelConfiguration) -> Bool {
    var start = 0
    for layer in model.layers {
      let row = layer.attention.headDimension * a.type.bytes
      for _ in 0..<2 * layer.attention.keyValueHeads {
        if memcmp(a.cache.values + start, b.cache.values + start, a.count * row) != 0 {
          return false
        }
        start += a.capacity * row
      }
    }
    return true
  }

  @Test(arguments: ["gpt2", "llama2", "llama3"])
  func sequencesSteppedTogetherEqualEachAlone(name: String) throws {
    let engine = try Self.engine(name, threads: 1) { AttentionPlans.halves($0) }
    let vocabulary = Int32(engine.model.vocabulary)
    let together = try (0..<3).map { _ in try engine.sequence(capacity: 64) }
    let alone = try (0..<3).map { _ in try engine.sequence(capacity: 64) }
    for index in 0..<3 {
      let prompt = (0...Int32(2 * index)).map { $0 % vocabulary }
      _ = Self.step(engine, prompt, together[index])
      _ = Self.step(engine, prompt, alone[index])
    }
    for turn in 0..<36 {
      let tokens = (0..<3).map { Int32(turn * 7 + $0 * 5) % vocabulary }
      engine.step(.decode(tokens, of: together))
      let states = (0..<3).map { Array(engine.hidden(row: $0)) }
      for index in 0..<3 {
        #expect(states[index] == Self.step(engine, [tokens[index]], alone[index]))
      }
    }
  }

  @Test("the oracle selects the heads that give most")
  func oracle() throws {
    let engine = try Self.engine("llama2") {
      AttentionPlans.all($0) { _ in AttentionPlan(predictor: .exact, selector: .topK(4)) }
    }
    let tokens = try Fixtures.expected("llama2").tokens
    let all = try logits(engine, tokens, chunk: 1)
    let dense = try logits(try Self.engine("llama2") { _ in [:] }, tokens, chunk: 1)
    let worst = zip(all, dense).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst <= 1e-4)
    let three = try Self.engine("llama2") {
      AttentionPlans.all($0) { _ in AttentionPlan(predictor: .exact, selector: .topK(3)) }
    }
    #expect(try logits(three, tokens, chunk: 1) != all)
    #expect(three.bytesPerToken < engine.bytesPerToken)
  }

  @Test("bytes fall with the heads that are left out")
  func bytes() throws {
    let dense = try Self.engine("llama2") { _ in [:] }
    let sparse = try Self.engine("llama2", AttentionPlans.evenHeads)
    let cache = try sparse.sequence(capacity: 64)
    for token in 0..<32 { _ = Self.step(sparse, [Int32(token)], cache) }
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
}
