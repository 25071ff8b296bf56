import SparrowEngine
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// What a token gives does not depend on who shares its step.
@Suite(.serialized) struct CompanyTests {
  /// With grouped and multi-head attention, with and without gates, in floats and in blocks.
  static let models = [
    "models/llama3", "models/gemma3", "models/opt-350m", "models/llama2", "models/gpt2",
    "gguf/llama2-q8_0.gguf", "models/phi3-long", "models/llama2",
  ]

  @Test(
    "a row of a batch is the same bits as the row alone, under every kind of plan",
    arguments: TestBackend.all, PlanKind.allCases)
  func rows(backend: TestBackend, kind: PlanKind) throws {
    for (place, name) in Self.models.enumerated() {
      let threads = 1 + place % 3
      let own = try backend.open(Fixtures.path(name), threads: threads) { kind.plan($0) }
      let company = Company(own, sequences: min(16, own.sparseBatch))
      let alone = try company.run(company.alone)
      #expect(try company.run(company.together) == alone, "\(name), \(threads) threads")
      #expect(try company.run(company.mixed) == alone, "\(name), \(threads) threads, mixed")
    }
  }
}
