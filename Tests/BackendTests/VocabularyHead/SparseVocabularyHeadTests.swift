import SparrowCore
import SparrowEngine
import SparrowReference
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// HiRE-Softmax: candidates by a sketch, their exact logits, the dense head where doubt remains.
@Suite(.serialized) struct SparseVocabularyHeadTests {
  /// Own and tied heads, scaled and capped logits, embeddings narrower than the residual stream.
  static let models = ["llama3", "gemma2", "cohere", "granite", "opt-350m", "gpt2", "smollm2"]
  private static let candidates = 8

  /// The head's rows without a mean row, and with noise of half their size.
  ///
  /// Directions are the columns themselves, so that scores are float32.
  private static func sketch(_ binding: WeightBinding, _ own: any Backend) -> RowSketch {
    let (rows, hidden) = (own.model.vocabulary, own.model.embeddingWidth)
    let head = own.weights.values(binding.headRole, of: binding)
    var random = SeededRandom(seed: 7)
    let mean = random.floats(hidden, size: 0.1)
    let meanRow = (0..<hidden).map { column in
      (0..<rows).reduce(Float(0)) { $0 + head[$1 * hidden + column] } / Float(rows)
    }
    let size = (head.reduce(0) { $0 + $1 * $1 } / Float(head.count)).squareRoot()
    let noise = random.floats(head.count, size: size)
    let centred = head.indices.map { head[$0] - meanRow[$0 % hidden] }
    let padded = FeedForwardPlan.paddedNeurons(rows)
    let bias = (0..<padded).map { row -> Float in
      guard row < rows else { return -.infinity }
      return (0..<hidden).reduce(0) { $0 + centred[row * hidden + $1] * mean[$1] }
    }
    return RowSketch(
      rowCount: rows, hidden: hidden, mean: mean, meanRow: meanRow, basis: [],
      bounds: [0, hidden], centroids: [], codes: [], bias: bias.map { Float16($0).bitPattern },
      deviation: size * (Float(hidden) / 12).squareRoot(),
      rows: SketchRows(
        coding: .lowRank, directions: hidden,
        bytes: halfBytes(zip(centred, noise).map { $0 + $1 / 2 })))
  }

  private static func run(
    _ backend: TestBackend, _ name: String, candidates: Int = candidates, _ recall: VocabularyRecall
  ) throws -> ComparedRun {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + name))
    let plan = VocabularyPlan(candidates: candidates, kept: min(candidates, 4))
    let head = SketchedVocabulary(
      plan: plan, sketch: sketch(binding, try backend.open(binding)), recall: recall)
    return try ComparedRun(backend, binding, sequences: 2, SparsePlan(head: head))
  }

  /// How many candidates each token had; nil where the dense head decided.
  private static func counts(_ run: ComparedRun, _ name: String) throws -> [Int?] {
    let tokens = try Fixtures.expected(name).tokens
    return (0..<8).flatMap { turn in
      let errors = run.decode([tokens[turn], tokens[turn + 8]])
      #expect(errors.allSatisfy { $0 < 1e-5 })
      return (0..<2).map { row -> Int? in
        let output = run.backend.output(row: row)
        let step = run.steps[row]
        #expect(output.row == row && output.fellBack == (output.ids == nil))
        #expect(output.ids.map(Array.init) == step.candidates)
        #expect(output.logits.count == step.logits.count)
        #expect(relativeError(output.logits, step.logits) < 1e-5)
        return output.ids?.count
      }
    }
  }

  @Test("without doubt the k' best scores are the candidates", arguments: TestBackend.all, models)
  func candidates(backend: TestBackend, name: String) throws {
    let run = try Self.run(backend, name, VocabularyRecall(rank: 1, doubt: 0))
    #expect(try Self.counts(run, name).allSatisfy { $0 == Self.candidates })
  }

  @Test("with doubt all that may be better are", arguments: TestBackend.all, models)
  func doubt(backend: TestBackend, name: String) throws {
    let recalls = [VocabularyRecall(rank: 1, doubt: 4), VocabularyRecall(rank: 3, doubt: 2)]
    let counts = try (recalls + [VocabularyRecall(rank: 8, doubt: 0)]).flatMap {
      try Self.counts(Self.run(backend, name, $0), name)
    }
    #expect(counts.contains { $0 != nil && $0! > Self.candidates }, "\(counts)")
  }

  @Test("where many may be better the dense head decides", arguments: TestBackend.all, models)
  func fallsBack(backend: TestBackend, name: String) throws {
    let run = try Self.run(backend, name, VocabularyRecall(rank: 1, doubt: 1000))
    #expect(try Self.counts(run, name).allSatisfy { $0 == nil })
    let output = run.backend.output(row: 1)
    #expect(Array(output.logits) == Array(run.backend.logits(rows: 1..<2)))
  }

  @Test("density 1 is the dense head", arguments: TestBackend.all, models)
  func everything(backend: TestBackend, name: String) throws {
    let vocabulary = 100
    let run = try Self.run(
      backend, name, candidates: vocabulary, VocabularyRecall(rank: 1, doubt: 0))
    #expect(run.backend.model.vocabulary == vocabulary)
    #expect(try Self.counts(run, name).allSatisfy { $0 == vocabulary })
    let sparse = Array(run.backend.output(row: 0).logits)
    #expect(relativeError(sparse, run.backend.logits(rows: 0..<1)) < 1e-5)
  }

  @Test("a dense step has a dense head", arguments: TestBackend.all)
  func isDense(backend: TestBackend) throws {
    let run = try Self.run(backend, "llama3", VocabularyRecall(rank: 1, doubt: 0))
    for isDense in [false, true] {
      _ = run.decode([3, 4], isDense: isDense)
      let output = run.backend.output(row: 1)
      #expect((output.ids == nil) == isDense && !output.fellBack)
    }
    var ids: [Bool] = []
    for isDense in [false, true] {
      _ = run.decode([5, 6], isDense: isDense)
      run.backend.outputs(rows: 2) { ids.append($0.ids != nil) }
    }
    #expect(ids == [true, true, false, false])
  }

  @Test(
    "rows share a call, and each finds what it finds alone; those in doubt fall back alone",
    arguments: TestBackend.all, SketchCoding.allCases)
  func rowsTogether(backend: TestBackend, coding: SketchCoding) throws {
    let path = Fixtures.path("models/llama3")
    let binding = try WeightBinding(opening: path)
    let (rows, hidden) = (binding.configuration.vocabulary, binding.configuration.embeddingWidth)
    var random = SeededRandom(seed: 5)
    let sketch = RowSketch.random(
      rows: rows, hidden: hidden, coding: coding, directions: coding == .product ? 30 : 32, &random)
    var kinds: Set<Bool> = []
    for doubt: Float in [0, 0.4, 0.8] {
      let head = SketchedVocabulary(
        plan: VocabularyPlan(candidates: 8, kept: 4, doubt: doubt), sketch: sketch)
      let own = try backend.open(binding, threads: 3) { _ in SparsePlan(head: head) }
      let company = Company(own, sequences: 20)
      let alone = try company.run(company.alone)
      #expect(try company.run(company.together) == alone)
      kinds.formUnion(alone.joined().map(\.fellBack))
    }
    #expect(kinds.contains(false))
  }

  @Test("dense logits leave candidates as they are", arguments: TestBackend.all)
  func complete(backend: TestBackend) throws {
    let run = try Self.run(backend, "llama3", VocabularyRecall(rank: 1, doubt: 0))
    _ = run.decode([3, 4])
    var rows = 0
    run.backend.outputs(rows: 2) { output in
      let (ids, logits) = (output.ids.map(Array.init), Array(output.logits))
      let dense = run.backend.complete(output)
      #expect(dense.isComplete && !output.isComplete && dense.row == output.row)
      #expect(output.ids.map(Array.init) == ids && Array(output.logits) == logits)
      #expect(ids?.map { dense.logits[Int($0)] } == logits)
      rows += 1
    }
    #expect(rows == 2)
  }
}
