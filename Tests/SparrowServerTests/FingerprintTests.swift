import Sparrow
import SparrowTestModels
import SparrowTestSupport
import Testing

@testable import SparrowServer

/// The system's fingerprint changes with all that answers depend on, and with nothing else.
@Suite struct FingerprintTests {
  private static func fingerprint(_ model: Model, name: String = "tiny") throws -> String {
    try TestServer(model) { $0.name = name }.server.service.fingerprint
  }

  /// A copy of a model, one byte of whose weights may differ.
  private static func copy(changing: Bool) throws -> Model {
    let source = Fixtures.path("models/llama3")
    let folder = try TemporaryFolder()
    let weights = "model-00001-of-00002.safetensors"
    for file in [
      "config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json",
      "model-00002-of-00002.safetensors", weights,
    ] {
      var bytes = try contents(of: source + "/" + file)
      if changing, file == weights {
        let header = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        bytes[8 + header] ^= 1
      }
      try folder.write(file, bytes)
    }
    return try Model.load(folder.path, options: LoadOptions(threads: 2))
  }

  @Test func whatChangesIt() throws {
    let plain = try Self.fingerprint(Self.copy(changing: false))
    #expect(try plain == Self.fingerprint(Self.copy(changing: false), name: "other"))
    #expect(try plain != Self.fingerprint(Self.copy(changing: true)))
    let sparse = try Self.fingerprint(SparseModel.loadSparseBody())
    // Plans of equal bytes and batch.
    let other = try Self.fingerprint(SparseModel.loadSparseBody(selector: .topK(31)))
    let same = try Self.fingerprint(SparseModel.loadSparseBody())
    #expect(sparse == same && Set([plain, sparse, other]).count == 3)
  }
}
