import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Sequences that LongRoPE turns otherwise once they are long: 16 positions of `phi3-long`.
@Suite struct LongRotaryTests {
  private struct Model {
    let backend: any Backend
    let tokens: [Int32]

    init(_ backend: TestBackend) throws {
      self.backend = try backend.open(Fixtures.path("models/phi3-long"))
      tokens = try Fixtures.expected("phi3-long").tokens
      try #require(self.backend.model.longRotaryBeyond == 16)
    }

    func sequence() throws -> SequenceState { try backend.sequence(capacity: 32, type: .f32) }

    func step(_ tokens: ArraySlice<Int32>, _ sequence: SequenceState) -> [Float] {
      backend.step(.prompt(tokens, of: sequence))
      return Array(backend.logits(rows: tokens.count - 1..<tokens.count))
    }

    /// What a text gives when it is run at once.
    func fresh(_ tokens: ArraySlice<Int32>) throws -> [Float] { step(tokens, try sequence()) }
  }

  @Test("a sequence that grows long gives what the whole text gives", arguments: TestBackend.dense)
  func grows(backend: TestBackend) throws {
    let own = try Model(backend)
    let sequence = try own.sequence()
    for count in 1...20 {
      let next = own.tokens[count - 1..<count]
      #expect(own.step(next, sequence) == (try own.fresh(own.tokens[..<count])), "\(count)")
    }
  }

  @Test("and when it is cut, what the shorter text gives", arguments: TestBackend.dense)
  func isCut(backend: TestBackend) throws {
    let own = try Model(backend)
    let sequence = try own.sequence()
    _ = own.step(own.tokens[..<20], sequence)
    for kept in [18, 9, 15] {
      sequence.truncate(to: kept)
      let next = own.tokens[kept..<kept + 1]
      #expect(own.step(next, sequence) == (try own.fresh(own.tokens[...kept])), "\(kept)")
      _ = own.step(own.tokens[kept + 1..<20], sequence)
    }
  }

  @Test("sequences of one batch turn each by its own length", arguments: TestBackend.dense)
  func batch(backend: TestBackend) throws {
    let own = try Model(backend)
    let counts = [3, 15, 16, 19]
    let sequences = try counts.map { count in
      let sequence = try own.sequence()
      _ = own.step(own.tokens[..<count], sequence)
      return sequence
    }
    own.backend.step(.decode(counts.map { own.tokens[$0] }, of: sequences))
    let rows = counts.indices.map { Array(own.backend.logits(rows: $0..<$0 + 1)) }
    for (row, count) in counts.enumerated() {
      #expect(rows[row] == (try own.fresh(own.tokens[...count])))
    }
  }

  @Test(
    "a length that is known makes the first tokens turn as the last", arguments: TestBackend.dense)
  func isExpected(backend: TestBackend) throws {
    let own = try Model(backend)
    let sequence = try own.sequence()
    sequence.expectedCount = 20
    let first = own.step(own.tokens[..<8], sequence)
    #expect(first != (try own.fresh(own.tokens[..<8])))
    #expect(own.step(own.tokens[8..<20], sequence) == (try own.fresh(own.tokens[..<20])))
  }

  @Test("sparse steps go on over keys that were made anew", arguments: TestBackend.all)
  func sparse(backend: TestBackend) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/phi3-long"))
    let tokens = try Fixtures.expected("phi3-long").tokens
    let plan = SparsePlan(
      networks: NetworkPlans.all(.router, group: 8) { .topK($0 / 2) }(binding.configuration),
      attention: AttentionPlans.halves(binding.configuration))
    let run = try ComparedRun(backend, binding, plan)
    for token in tokens[..<20] { #expect(run.decode([token])[0] < 1e-5) }
    run.truncate(to: 9)
    for token in tokens[9..<20] { #expect(run.decode([token])[0] < 1e-5) }
  }
}
