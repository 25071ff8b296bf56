import Sparrow
import SparrowCore
import SparrowEngine
import SparrowSparsity
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Prompts are dense under every plan, whatever their length.
@Suite(.serialized) struct PromptTests {
  /// Around the rows that a step takes, where a last part would be one token or few.
  static let lengths = [1, 127, 128, 129, 130, 257]
  private static let path = Fixtures.path("models/llama3")

  private static func prompt(_ count: Int) -> [Int32] {
    (0..<count).map { Int32((7 * $0 + $0 / 9) % 100) }
  }

  /// Dense logits after a prompt and after the token that follows, which reads all that the prompt
  /// left in the cache.
  private static func logits(_ session: Session, _ prompt: [Int32]) throws -> [[Float]] {
    var found: [[Float]] = []
    try session.score(prompt, from: prompt.count - 1) { found.append(Array($2)) }
    session.isDense = true
    found.append(try session.advance(3) { Array($0.logits) })
    session.isDense = false
    session.truncate(to: prompt.count)
    return found
  }

  @Test(arguments: PlanKind.allCases)
  func fillTheCacheWithTheDenseBitsInOnePass(kind: PlanKind) throws {
    let dense = try Model.load(Self.path, options: LoadOptions(threads: 2))
    let sparse = try Model.load(Self.path, options: LoadOptions(threads: 2))
    try sparse.install(kind.plan(sparse.configuration))
    let rows = sparse.backend.limits.rows
    #expect(rows == 128)
    for count in Self.lengths {
      let prompt = Self.prompt(count)
      let session = try sparse.session(context: count + 1)
      var selections = 0
      let probes = StepProbes(profile: StepProfile(), selections: { _ in selections += 1 })
      session.probes = probes
      #expect(
        try Self.logits(session, prompt)
          == Self.logits(dense.session(context: count + 1), prompt))
      // And one of the token that followed.
      #expect(probes.profile?.steps == (count + rows - 1) / rows + 1, "\(count) tokens")
      #expect(selections == 0, "a sparse step in a prompt of \(count) tokens")
      // What follows is decoded sparsely.
      let isSparse = try session.advance(3) { $0.ids != nil || $0.fellBack } || selections > 0
      #expect(isSparse == (kind != .dense), "the token after \(count)")
    }
  }

  @Test("generating a prompt's first token takes one step for each 128 tokens")
  func onePass() throws {
    let model = try Model.load(Self.path, options: LoadOptions(threads: 2))
    try model.install(PlanKind.all.plan(model.configuration))
    for count in Self.lengths {
      let session = try model.session(context: count + 2)
      let probes = StepProbes(profile: StepProfile())
      session.probes = probes
      let result = try session.generate(
        tokens: Self.prompt(count),
        options: GenerationOptions(maximumTokens: 2, ignoresEnd: true))
      #expect(result.tokens.count == 2)
      // The second token comes of a step of its own.
      #expect(probes.profile?.steps == (count + 127) / 128 + 1, "\(count) tokens")
    }
  }
}
