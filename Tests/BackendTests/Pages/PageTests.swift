import SparrowCore
import SparrowEngine
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Sequences that share a pool of pages.
@Suite(.serialized) struct PageTests {
  private static func tokens(_ count: Int, seed: UInt64 = 1) -> [Int32] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in Int32.random(in: 0..<100, using: &random) }
  }

  private static func hidden(_ backend: any Backend, rows: Range<Int>) -> [[Float]] {
    rows.map { Array(backend.hidden(row: $0)) }
  }

  @Test(
    "prompts of several rows in one step give what each gives alone", arguments: TestBackend.dense,
    ["llama3", "llama2", "gemma3"])
  func promptsTogether(backend: TestBackend, name: String) throws {
    let own = try backend.open(Fixtures.path("models/" + name))
    let pool = try own.pagePool(type: .f16, limit: 1 << 20)
    // What each has before the step, and what it gets.
    let shapes = [(60, 9), (0, 1), (64, 7), (130, 2), (120, 13)]
    let texts = shapes.enumerated().map { index, shape in
      Self.tokens(shape.0 + shape.1, seed: UInt64(index))
    }
    let together = try zip(shapes, texts).map { shape, text in
      let sequence = try own.sequence(capacity: 256, in: pool)
      own.prompt(text.prefix(shape.0), sequence)
      return sequence
    }
    var batch = StepBatch.prompt(zip(shapes, texts).flatMap { $1.suffix($0.1) }, of: together[0])
    batch.slices = zip(together, shapes).map { .init($0, rows: $1.1) }
    own.step(batch)
    let found = Self.hidden(own, rows: 0..<32)
    var row = 0
    for (shape, text) in zip(shapes, texts) {
      let alone = try own.sequence(capacity: 256, type: .f16)
      own.prompt(text.prefix(shape.0), alone)
      own.step(.prompt(text.suffix(shape.1), of: alone))
      #expect(Array(found[row..<row + shape.1]) == Self.hidden(own, rows: 0..<shape.1))
      row += shape.1
    }
  }

  @Test(
    "whoever goes on inside a page that others share leaves theirs as it was",
    arguments: TestBackend.dense, [CacheType.f16, .f32])
  func copies(backend: TestBackend, type: CacheType) throws {
    let own = try backend.open(Fixtures.path("models/llama3"))
    let pool = try own.pagePool(type: type, limit: 1 << 20)
    let text = Self.tokens(128)
    func next(_ sequence: SequenceState) -> [Float] {
      own.step(.decode([5], of: [sequence]))
      return Array(own.hidden(row: 0))
    }
    let first = try own.sequence(capacity: 256, in: pool)
    own.prompt(text[...], first)
    let second = try own.sequence(capacity: 256, in: pool)
    second.adopt(first.pages)
    #expect(first.pages.allSatisfy(\.isDense) && pool.used == 2)
    first.truncate(to: 90)
    own.prompt(Self.tokens(30, seed: 2)[...], first)
    #expect(pool.used == 3)
    let plain = try own.sequence(capacity: 256, type: type)
    own.prompt(text[...], plain)
    #expect(next(second) == next(plain))
    plain.truncate(to: 90)
    own.prompt(Self.tokens(30, seed: 2)[...], plain)
    #expect(next(first) == next(plain))
  }

  @Test("a budget that is full refuses a step's room", arguments: TestBackend.dense)
  func budget(backend: TestBackend) throws {
    let own = try backend.open(Fixtures.path("models/llama3"))
    let page = PagePool.pageBytes(own.model, .f16)
    let pool = try own.pagePool(type: .f16, limit: 3 * page + page / 2)
    #expect(pool.limit == 3 && pool.pageBytes == page)
    let sequence = try own.sequence(capacity: 1024, in: pool)
    own.prompt(Self.tokens(192)[...], sequence)
    #expect(!sequence.reserve(1) && sequence.count == 192 && pool.free == 0)
    sequence.clear()
    #expect(pool.used == 0)
    for limit in [page - 1, 0, -1] {
      let error = #expect(throws: SparrowError.self) {
        try own.pagePool(type: .f16, limit: limit)
      }
      #expect(error?.kind == .argument && error?.field == "cache memory")
    }
    let error = #expect(throws: SparrowError.self) {
      try own.sequence(capacity: .max, type: .f16)
    }
    #expect(error?.kind == .system && error?.field == "context")
  }
}

extension Backend {
  /// Runs a text of any length.
  func prompt(_ tokens: ArraySlice<Int32>, _ sequence: SequenceState) {
    for start in stride(from: tokens.startIndex, to: tokens.endIndex, by: 32) {
      step(.prompt(tokens[start..<min(start + 32, tokens.endIndex)], of: sequence))
    }
  }
}
