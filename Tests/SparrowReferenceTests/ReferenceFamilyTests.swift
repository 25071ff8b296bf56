import SparrowCore
import SparrowFormats
import SparrowReference
import SparrowTestSupport
import SparrowTransformer
import Testing

@Suite struct ReferenceFamilyTests {
  @Test(arguments: Fixtures.models)
  func logitsEqualHuggingFace(name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("models/" + name))
    let model = try ModelConfiguration(
      huggingFace: try #require(checkpoint.config), file: checkpoint.path)
    let reference = try Reference(WeightBinding(checkpoint: checkpoint, configuration: model))
    let expected = try Fixtures.expected(name)
    let sequence = Reference.Sequence()
    let found = expected.tokens.flatMap { reference.step($0, of: sequence).logits }
    let worst = zip(found, expected.logits).map { abs($0 - $1) }.max() ?? .infinity
    #expect(found.count == expected.logits.count && worst < 1e-3, "worst difference \(worst)")
  }
}
