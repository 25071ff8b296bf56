import SparrowEngine
import SparrowTestPlans
import SparrowTestSupport
import Testing

/// Every family against transformers.
@Suite struct FamilyTests {
  @Test(arguments: TestBackend.dense, Fixtures.models)
  func logitsEqualHuggingFace(backend: TestBackend, name: String) throws {
    let expected = try Fixtures.expected(name)
    let own = try backend.open(Fixtures.path("models/" + name))
    for chunk in [1, 5, 24] {
      let found = try logits(own, expected.tokens, chunk: chunk)
      #expect(found.count == expected.logits.count)
      let worst = zip(found, expected.logits).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst < 1e-3, "worst difference \(worst), \(chunk) at a time")
    }
  }

  @Test(arguments: TestBackend.dense, Fixtures.ggufModels + Fixtures.convertedModels)
  func ggufTwinsEqualHuggingFace(backend: TestBackend, name: String) throws {
    let expected = try Fixtures.expected(name)
    let own = try backend.open(Fixtures.path("gguf/\(name).gguf"), threads: 1)
    let found = try logits(own, expected.tokens, chunk: 7)
    let worst = zip(found, expected.logits).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst < 1e-3, "worst difference \(worst)")
  }
}
