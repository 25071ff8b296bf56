import SparrowCore
import SparrowFormats
import SparrowReference
import SparrowTestSupport
import SparrowTransformer
import Testing

@Suite struct EncoderTests {
  @Test func statesEqualHuggingFace() throws {
    let fixture = try EncoderFixture()
    let checkpoint = try Checkpoint.open(EncoderFixture.path)
    let model = try ModelConfiguration(
      huggingFace: try #require(checkpoint.config), file: checkpoint.path)
    let reference = try Reference(WeightBinding(checkpoint: checkpoint, configuration: model))
    let found = reference.encode(fixture.cases[0].tokens)
    #expect(model.isEncoder && found.map(\.count) == fixture.states.map(\.count))
    #expect(zip(found.joined(), fixture.states.joined()).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test(
    "what changes BERT into another model is refused",
    arguments: [
      ("\"position_embedding_type\": \"relative_key\"", "position_embedding_type"),
      ("\"is_decoder\": true", "is_decoder"), ("\"num_attention_heads\": 5", "num_attention_heads"),
      ("\"add_cross_attention\": true", "add_cross_attention"),
    ])
  func refused(field: String, name: String) throws {
    let config = try JSON.parse("{\"model_type\": \"bert\", \"hidden_size\": 32, \(field)}")
    let error = #expect(throws: SparrowError.self) {
      try ModelConfiguration(huggingFace: config, file: "bert")
    }
    #expect(error?.field == name)
  }
}
