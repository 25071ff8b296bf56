import SparrowEngine
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// What must not depend on how a sequence is stepped.
@Suite struct StepTests {
  static let names = ["llama3", "gemma3", "opt-350m", "gpt2", "qwen3"]

  @Test(arguments: TestBackend.dense, names)
  func logitsDoNotDependOnTheBatchThatATokenCameIn(backend: TestBackend, name: String) throws {
    let tokens = try Fixtures.expected(name).tokens
    let own = try backend.open(Fixtures.path("models/" + name))
    let whole = try logits(own, tokens, chunk: 24, type: .f16)
    for chunk in [1, 3, 17] {
      #expect(try logits(own, tokens, chunk: chunk, type: .f16) == whole)
    }
  }

  @Test(arguments: TestBackend.dense, names)
  func logitsDoNotDependOnTheThreads(backend: TestBackend, name: String) throws {
    let tokens = try Fixtures.expected(name).tokens
    let found = try (1...3).map { threads in
      let own = try backend.open(Fixtures.path("models/" + name), threads: threads)
      return try logits(own, tokens, chunk: 24, type: .f16)
    }
    #expect(found[0] == found[1] && found[1] == found[2])
  }

  @Test(arguments: TestBackend.dense, names)
  func sequencesSteppedTogetherEqualEachAlone(backend: TestBackend, name: String) throws {
    let tokens = try Fixtures.expected(name).tokens
    let own = try backend.open(Fixtures.path("models/" + name))
    let prefixes = [Array(tokens[..<5]), Array(tokens[..<9]), Array(tokens[3..<4])]
    let sequences = try prefixes.map { prefix in
      let sequence = try own.sequence(capacity: 32, type: .f16)
      own.step(.prompt(prefix, of: sequence))
      return sequence
    }
    let next: [Int32] = [7, 8, 9]
    own.step(.decode(next, of: sequences))
    let together = Array(own.logits(rows: 0..<3))
    var alone: [Float] = []
    for (prefix, token) in zip(prefixes, next) {
      alone += try logits(own, prefix + [token], chunk: 32, type: .f16)
        .suffix(own.model.vocabulary)
    }
    #expect(together == alone)
  }

  @Test(arguments: TestBackend.dense)
  func aTruncatedSequenceGoesOnAsIfTheRestHadNeverBeen(backend: TestBackend) throws {
    let tokens = try Fixtures.expected("llama3").tokens
    let own = try backend.open(Fixtures.path("models/llama3"))
    let sequence = try own.sequence(capacity: 32, type: .f16)
    own.step(.prompt(tokens, of: sequence))
    sequence.truncate(to: 6)
    let rest = Array(tokens[6...])
    own.step(.prompt(rest, of: sequence))
    let again = Array(own.logits(rows: rest.count - 1..<rest.count))
    #expect(
      try again == logits(own, tokens, chunk: 24, type: .f16).suffix(own.model.vocabulary))
  }

  @Test(
    "prompts give the same bits however they are cut and whoever shares their steps",
    arguments: TestBackend.dense, names)
  func sharedPrompts(backend: TestBackend, name: String) throws {
    let tokens = try Fixtures.expected(name).tokens
    let own = try backend.open(Fixtures.path("models/" + name), threads: 3)
    let prompts = [Array(tokens[..<20]), Array(tokens[3..<8]), Array(tokens[2...]), [tokens[1]]]
    let alone = try prompts.map { try logits(own, $0, chunk: 32, type: .f16) }
    for most in [1, 3, 7] {
      let sequences = try prompts.map { _ in try own.sequence(capacity: 32, type: .f16) }
      var found = [[Float]](repeating: [], count: prompts.count)
      for turn in 0... {
        // Another piece of each prompt that is left; some wait for a turn.
        var batch = StepBatch.prompt([], of: sequences[0])
        batch.slices = []
        var numbers: [Int] = []
        for (index, prompt) in prompts.enumerated() where (turn + index) % 4 > 0 {
          let filled = sequences[index].count
          let piece = prompt[filled..<min(filled + 1 + (turn + index) % most, prompt.count)]
          guard !piece.isEmpty else { continue }
          batch.tokens += piece
          batch.slices.append(.init(sequences[index], rows: piece.count))
          numbers += piece.map { _ in index }
        }
        own.step(batch)
        own.logits(of: numbers.indices) { row, logits in found[numbers[row]] += logits }
        if zip(sequences, prompts).allSatisfy({ $0.count == $1.count }) { break }
      }
      #expect(found == alone, "pieces of at most \(most)")
    }
  }

  @Test("logits of many rows are those of each row", arguments: TestBackend.dense)
  func logitsOfRows(backend: TestBackend) throws {
    let tokens = try Fixtures.expected("gemma3").tokens
    let own = try backend.open(Fixtures.path("models/gemma3"), threads: 3)
    own.step(.prompt(tokens, of: try own.sequence(capacity: 32, type: .f16)))
    var many: [[Float]] = []
    own.logits(of: tokens.indices) { many.append(Array($1)) }
    #expect(many == tokens.indices.map { Array(own.output(row: $0).logits) })
  }
}
