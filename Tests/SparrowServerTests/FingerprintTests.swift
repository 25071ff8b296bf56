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
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
      try folder.write(file, try contents(of: source + "/" + file))
    }
    var weights = try contents(of: source + "/model.safetensors")
    let header = weights[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    if changing { weights[8 + header] ^= 1 }
    try folder.write("model.safetensors", weights)
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
