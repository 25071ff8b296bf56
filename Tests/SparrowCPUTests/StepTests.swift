import SparrowCPU
import SparrowEngine
import SparrowTestSupport
import SparrowTransformer
import Testing

/// What must not depend on how a sequence is stepped.
@Suite struct StepTests {
  static let names = ["llama3", "gemma3", "opt-350m", "gpt2", "qwen3"]

  @Test(arguments: names)
  func logitsDoNotDependOnTheBatchThatATokenCameIn(name: String) throws {
    let tokens = try Fixtures.expected(name).tokens
    let engine = try engine(Fixtures.path("models/" + name), threads: 2)
    let whole = try logits(engine, tokens, chunk: 24, type: .f16)
    for chunk in [1, 3, 17] {
      #expect(try logits(engine, tokens, chunk: chunk, type: .f16) == whole)
    }
  }

  @Test(arguments: names, [1, 3])
  func logitsDoNotDependOnTheThreads(name: String, threads: Int) throws {
    let tokens = try Fixtures.expected(name).tokens
    let two = try engine(Fixtures.path("models/" + name), threads: 2)
    let other = try engine(Fixtures.path("models/" + name), threads: threads)
    #expect(
      try logits(two, tokens, chunk: 24, type: .f16)
        == logits(other, tokens, chunk: 24, type: .f16))
  }

  @Test(arguments: names)
  func sequencesSteppedTogetherEqualEachAlone(name: String) throws {
    let tokens = try Fixtures.expected(name).tokens
    let engine = try engine(Fixtures.path("models/" + name), threads: 2)
    let prefixes = [Array(tokens[..<5]), Array(tokens[..<9]), Array(tokens[3..<4])]
    let caches = try prefixes.map { prefix in
      let cache = try engine.sequence(capacity: 32)
      engine.step(.prompt(prefix, of: cache))
      return cache
    }
    let next: [Int32] = [7, 8, 9]
    engine.step(.decode(next, of: caches))
    let together = Array(engine.logits(rows: 0..<3))
    var alone: [Float] = []
    for (prefix, token) in zip(prefixes, next) {
      alone += try logits(engine, prefix + [token], chunk: 32, type: .f16)
        .suffix(engine.model.vocabulary)
    }
    #expect(together == alone)
  }

  @Test func aTruncatedCacheGoesOnAsIfTheRestHadNeverBeen() throws {
    let tokens = try Fixtures.expected("llama3").tokens
    let engine = try engine(Fixtures.path("models/llama3"), threads: 2)
    let cache = try engine.sequence(capacity: 32)
    engine.step(.prompt(tokens, of: cache))
    cache.truncate(to: 6)
    let rest = Array(tokens[6...])
    engine.step(.prompt(rest, of: cache))
    let again = Array(engine.logits(rows: rest.count - 1..<rest.count))
    #expect(
      try again == logits(engine, tokens, chunk: 24, type: .f16).suffix(engine.model.vocabulary))
  }
}
