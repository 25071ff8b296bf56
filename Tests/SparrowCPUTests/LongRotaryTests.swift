import SparrowCPU
import SparrowCore
import SparrowEngine
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Sequences that LongRoPE turns otherwise once they are long: 16 positions of `phi3-long`.
@Suite struct LongRotaryTests {
  private let engine: CPUEngine
  private let tokens: [Int32]

  init() throws {
    engine = try SparrowCPUTests.engine(Fixtures.path("models/phi3-long"), threads: 2)
    tokens = try Fixtures.expected("phi3-long").tokens
    try #require(engine.model.longRotaryBeyond == 16)
  }

  private func step(_ tokens: ArraySlice<Int32>, _ cache: SequenceState) -> [Float] {
    engine.step(.prompt(tokens, of: cache))
    return Array(engine.logits(rows: tokens.count - 1..<tokens.count))
  }

  /// What a text gives when it is run at once.
  private func fresh(_ tokens: ArraySlice<Int32>) throws -> [Float] {
    step(tokens, try engine.sequence(capacity: 32, type: .f32))
  }

  @Test("a sequence that grows long gives what the whole text gives")
  func grows() throws {
    let cache = try engine.sequence(capacity: 32, type: .f32)
    for count in 1...20 {
      #expect(step(tokens[count - 1..<count], cache) == (try fresh(tokens[..<count])), "\(count)")
    }
  }

  @Test("and when it is cut, what the shorter text gives")
  func isCut() throws {
    let cache = try engine.sequence(capacity: 32, type: .f32)
    _ = step(tokens[..<20], cache)
    for kept in [18, 9, 15] {
      cache.truncate(to: kept)
      #expect(step(tokens[kept..<kept + 1], cache) == (try fresh(tokens[...kept])), "\(kept)")
      _ = step(tokens[kept + 1..<20], cache)
    }
  }

  @Test("sequences of one batch turn each by its own length")
  func batch() throws {
    let caches = try [3, 15, 16, 19].map { count in
      let cache = try engine.sequence(capacity: 32, type: .f32)
      _ = step(tokens[..<count], cache)
      return cache
    }
    let next = caches.map { tokens[$0.count] }
    let counts = caches.map(\.count)
    engine.step(.decode(next, of: caches))
    let rows = counts.indices.map { Array(engine.logits(rows: $0..<$0 + 1)) }
    for (row, count) in counts.enumerated() { #expect(rows[row] == (try fresh(tokens[...count]))) }
  }

  @Test("a length that is known makes the first tokens turn as the last")
  func isExpected() throws {
    let cache = try engine.sequence(capacity: 32, type: .f32)
    cache.expectedCount = 20
    let first = step(tokens[..<8], cache)
    #expect(first != (try fresh(tokens[..<8])))
    #expect(step(tokens[8..<20], cache) == (try fresh(tokens[..<20])))
  }
}
