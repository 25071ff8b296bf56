import SparrowCPU
import SparrowCore
import SparrowEngine
import SparrowFormats
import SparrowSparsity
import SparrowTestSupport
import SparrowTransformer
import Testing

func engine(
  _ path: String, threads: Int,
  layers: (ModelConfiguration) -> [Int: FeedForwardPlan] = { _ in [:] }
) throws -> CPUEngine {
  let checkpoint = try Checkpoint.open(path)
  let configuration =
    checkpoint.kind == .gguf
    ? try ModelConfiguration(gguf: checkpoint)
    : try ModelConfiguration(huggingFace: try #require(checkpoint.config), file: path)
  let binding = try WeightBinding(checkpoint: checkpoint, configuration: configuration)
  return try CPUEngine(
    binding, pool: try WorkerPool(count: threads), maximumRows: 32,
    plan: SparsePlan(networks: layers(configuration)))
}

/// Logits of all tokens, `chunk` tokens at a time; one at a time they are decoded.
func logits(
  _ engine: CPUEngine, _ tokens: [Int32], chunk: Int, type: CacheType = .f32,
  isDense: Bool = false, probes: StepProbes? = nil
) throws -> [Float] {
  let cache = try engine.sequence(capacity: 64, type: type)
  var all: [Float] = []
  var start = 0
  while start < tokens.count {
    // The rows of a step turn alike: what LongRoPE parts, steps part too.
    let turn = engine.model.longRotaryBeyond.flatMap { start < $0 ? $0 : nil } ?? tokens.count
    let part = Array(tokens[start..<min(start + chunk, turn, tokens.count)])
    start += part.count
    var batch = StepBatch.prompt(part, of: cache, isDense: isDense, probes: probes)
    // Single tokens decode.
    if chunk == 1 { batch.phase = .decode }
    engine.step(batch)
    engine.logits(of: 0..<part.count) { all.append(contentsOf: $1) }
  }
  return all
}

@Suite struct FamilyTests {
  static let chunks = [1, 5, 24]

  @Test(arguments: Fixtures.models, chunks)
  func logitsEqualHuggingFace(name: String, chunk: Int) throws {
    let expected = try Fixtures.expected(name)
    let engine = try engine(Fixtures.path("models/" + name), threads: 2)
    let found = try logits(engine, expected.tokens, chunk: chunk)
    #expect(found.count == expected.logits.count)
    let worst = zip(found, expected.logits).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst < 1e-3, "worst difference \(worst)")
  }

  @Test(arguments: Fixtures.ggufModels + Fixtures.convertedModels)
  func ggufTwinsEqualHuggingFace(name: String) throws {
    let expected = try Fixtures.expected(name)
    let engine = try engine(Fixtures.path("gguf/\(name).gguf"), threads: 1)
    let found = try logits(engine, expected.tokens, chunk: 7)
    let worst = zip(found, expected.logits).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst < 1e-3, "worst difference \(worst)")
  }
}
