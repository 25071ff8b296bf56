import SparrowCore
import SparrowEngine
import SparrowReference
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Sparse attention of whole models: skipped heads count as zeros, and their keys are there for
/// every later token.
@Suite(.serialized) struct SparseAttentionTests {
  static let models = [
    "opt", "opt-350m", "gpt2", "llama2", "llama3", "mistral", "qwen3", "gemma3", "gpt-neox",
    "cohere", "smollm3",
  ]

  private static func plans(_ index: Int, _ model: ModelConfiguration) -> [Int: AttentionPlan] {
    switch index % 3 {
    case 0: AttentionPlans.halves(model)
    case 1: AttentionPlans.halves(model, lookahead: true)
    default: AttentionPlans.evenHeads(model)
    }
  }

  /// Steps through a sequence: prompts, single tokens past the turns of all heads, and cuts.
  private static func follow(
    _ vocabulary: Int, cut: (Int) -> Void, _ step: ([Int32]) throws -> Void
  ) throws {
    var random = SeededRandom(seed: 5)
    func run(_ count: Int) throws {
      try step((0..<count).map { _ in Int32(random.next() % UInt64(vocabulary)) })
    }
    func decode(_ count: Int) throws { for _ in 0..<count { try run(1) } }
    try run(3)
    try decode(20)
    cut(14)
    try decode(7)
    try run(4)
    try decode(3)
    cut(19)
    try decode(18)
    try run(2)
  }

  @Test(
    "unselected heads count as zeros, through prompts and cuts", arguments: TestBackend.all,
    0..<models.count)
  func maskedDense(backend: TestBackend, index: Int) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + Self.models[index]))
    let plan = SparsePlan(attention: Self.plans(index, binding.configuration))
    let run = try ComparedRun(backend, binding, threads: 1 + index % 3, plan)
    try Self.follow(
      binding.configuration.vocabulary, cut: { run.truncate(to: $0) },
      { tokens in
        let error = tokens.count == 1 ? run.decode(tokens)[0] : run.prompt(tokens)
        #expect(error < 1e-5)
      })
  }

  @Test(
    "and in batches of sequences of any length", arguments: TestBackend.all,
    0..<models.count)
  func batches(backend: TestBackend, index: Int) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + Self.models[index]))
    let vocabulary = Int32(binding.configuration.vocabulary)
    let plan = SparsePlan(attention: Self.plans(index + 1, binding.configuration))
    let batch = 2 + index % 7
    let run = try ComparedRun(
      backend, binding, threads: 1 + index % 2, sequences: batch, plan)
    for row in 0..<batch { _ = run.prompt((0...Int32(row % 4)).map { $0 % vocabulary }, of: row) }
    for turn in 0..<3 {
      // Fewer and fewer go on.
      let tokens = (0..<Int32(max(1, batch - turn))).map {
        (13 * Int32(turn) + 5 * $0) % vocabulary
      }
      for error in run.decode(tokens) { #expect(error < 1e-5) }
      for step in run.steps {
        for (layer, plan) in plan.attention {
          let own = plan.scoreSelector.select(step.headGroupScores[layer] ?? []).indices
          #expect(step.selected.headGroups[layer] == own)
        }
      }
    }
  }

  /// Only the last layer skips heads, so that what all layers read stays that of the dense model.
  @Test(
    "keys that come late are the dense model's bits", arguments: TestBackend.all, models)
  func lateKeys(backend: TestBackend, name: String) throws {
    let path = Fixtures.path("models/" + name)
    let sparse = try backend.open(path) { model in
      let last = model.layers.count - 1
      return SparsePlan(attention: [last: AttentionPlans.halves(model)[last]!])
    }
    let dense = try backend.open(path)
    for type in [CacheType.f32, .f16] {
      let own = try sparse.sequence(capacity: 64, type: type)
      let other = try dense.sequence(capacity: 64, type: type)
      func cut(_ count: Int) {
        own.truncate(to: count)
        other.truncate(to: count)
      }
      try Self.follow(sparse.model.vocabulary, cut: cut) { tokens in
        if tokens.count == 1 {
          sparse.step(.decode(tokens, of: [own]))
          dense.step(.decode(tokens, of: [other]))
        } else {
          // Reads the keys of all positions.
          sparse.step(.prompt(tokens, of: own))
          dense.step(.prompt(tokens, of: other))
          let last = tokens.count - 1
          #expect(Array(sparse.hidden(row: last)) == Array(dense.hidden(row: last)))
        }
      }
    }
  }

  @Test(
    "selecting every head is the dense model, in every family", arguments: TestBackend.all,
    Fixtures.models)
  func everything(backend: TestBackend, name: String) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + name))
    let model = binding.configuration
    func open() throws -> any Backend {
      try backend.open(binding) { SparsePlan(attention: AttentionPlans.everything($0)) }
    }
    guard model.layers.allSatisfy({ $0.attention.needsAllHeads == nil }) else {
      let error = #expect(throws: SparrowError.self) { try open() }
      #expect(error?.kind == .unsupported)
      return
    }
    let tokens = try Fixtures.expected(name).tokens
    let own = try open()
    let sparse = try logits(own, tokens, chunk: 1)
    let dense = try logits(own, tokens, chunk: 1, isDense: true)
    #expect(relativeError(sparse, dense) <= 2e-5)
  }

  @Test(
    "sparse networks and sparse attention work side by side", arguments: TestBackend.all,
    ["opt", "llama3"])
  func both(backend: TestBackend, name: String) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/" + name))
    let model = binding.configuration
    let plan = SparsePlan(
      networks: NetworkPlans.all(.exact) { _ in .threshold(0.01) }(model),
      attention: AttentionPlans.halves(model))
    let run = try ComparedRun(backend, binding, sequences: 2, plan)
    #expect(run.prompt([1, 2, 3], of: 1) < 1e-5)
    for turn: Int32 in 0..<6 {
      #expect(run.decode([7 + turn, 50 - turn]).allSatisfy { $0 < 1e-5 })
    }
  }

  @Test(
    "a sequence steps together with others as alone", arguments: TestBackend.all,
    ["gpt2", "llama2", "llama3"])
  func sequencesSteppedTogetherEqualEachAlone(backend: TestBackend, name: String) throws {
    let own = try backend.open(Fixtures.path("models/" + name), threads: 1) {
      SparsePlan(attention: AttentionPlans.halves($0))
    }
    let vocabulary = Int32(own.model.vocabulary)
    func sequences() throws -> [SequenceState] {
      try (0..<3).map { index in
        let sequence = try own.sequence(capacity: 64, type: .f16)
        own.step(.prompt((0...Int32(2 * index)).map { $0 % vocabulary }, of: sequence))
        return sequence
      }
    }
    let together = try sequences()
    let alone = try sequences()
    for turn in 0..<36 {
      let tokens = (0..<3).map { Int32(turn * 7 + $0 * 5) % vocabulary }
      own.step(.decode(tokens, of: together))
      let states = (0..<3).map { Array(own.hidden(row: $0)) }
      for index in 0..<3 {
        own.step(.decode([tokens[index]], of: [alone[index]]))
        #expect(states[index] == Array(own.hidden(row: 0)))
      }
    }
  }

  @Test("the oracle selects the heads that give most", arguments: TestBackend.all)
  func oracle(backend: TestBackend) throws {
    let binding = try WeightBinding(opening: Fixtures.path("models/llama2"))
    for count in [4, 3, 1] {
      let plans = AttentionPlans.all(binding.configuration) { _ in
        AttentionPlan(predictor: .exact, selector: .topK(count))
      }
      let run = try ComparedRun(backend, binding, sequences: 2, SparsePlan(attention: plans))
      #expect(run.prompt([5, 6], of: 1) < 1e-5)
      for turn: Int32 in 0..<6 {
        #expect(run.decode([7 + turn, 50 - turn]).allSatisfy { $0 < 1e-5 })
        // By itself the reference would have selected the same.
        for (step, row) in zip(run.steps, 0...) {
          for layer in plans.keys {
            let selected = step.selected.headGroups[layer] ?? []
            #expect(selected.count == count, "row \(row)")
            let scores = try #require(step.headGroupScores[layer])
            let least = scores.sorted(by: >)[count - 1]
            #expect(selected.allSatisfy { scores[Int($0)] >= least * 0.9999 })
          }
        }
      }
    }
  }
}
