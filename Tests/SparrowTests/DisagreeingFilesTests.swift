import Sparrow
import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTransformer
import Testing

/// Two places of a model's files that say different things.
@Suite struct DisagreeingFilesTests {
  /// A copy of a fixture's folder with another `config.json`.
  private func folder(
    _ name: String, in folder: TemporaryFolder, config change: (String) -> String
  ) throws -> Checkpoint {
    let source = Fixtures.path("models/" + name)
    try folder.write("model.safetensors", contents(of: source + "/model.safetensors"))
    let config = String(decoding: try contents(of: source + "/config.json"), as: UTF8.self)
    try folder.write("config.json", change(config))
    return try Checkpoint.open(folder.path)
  }

  @Test func aHeadOfItsOwnBesideATiedOneCountsAndIsNoted() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try self.folder("llama2", in: folder) {
      $0.replacing("\"tie_word_embeddings\": false", with: "\"tie_word_embeddings\": true")
    }
    #expect(try #require(checkpoint.config)["tie_word_embeddings"]?.bool == true)
    let description = try ModelDescription(checkpoint)
    #expect(!description.configuration.tiedHead)
    #expect(description.binding.headRole.kind == .head)
    #expect(description.notes.count == 1 && description.notes[0].contains("lm_head.weight"))
  }

  @Test func theSameHeadAgainIsTied() throws {
    let description = try ModelDescription(Checkpoint.open(Fixtures.path("models/opt")))
    #expect(description.configuration.tiedHead && description.notes.isEmpty)
  }

  @Test func aFieldGivenTwiceIsNoted() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try self.folder("llama2", in: folder) {
      $0.replacing("\"mlp_bias\": false", with: "\"mlp_bias\": true, \"mlp_bias\": false")
    }
    let notes = try ModelDescription(checkpoint).notes
    #expect(notes.count == 1 && notes[0].contains("'mlp_bias' is given twice"))
  }

  @Test func biasesThatTheConfigurationHasNotAreRefused() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try self.folder("llama-biases", in: folder) {
      $0.replacing("\"mlp_bias\": true", with: "\"mlp_bias\": false")
    }
    let error = #expect(throws: SparrowError.self) { try ModelDescription(checkpoint) }
    #expect(error?.field == "model.layers.0.mlp.gate_proj.bias")
  }
}
