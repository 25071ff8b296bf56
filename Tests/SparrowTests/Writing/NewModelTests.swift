import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import Sparrow

@Suite struct NewModelTests {
  @Test(arguments: ["smollm2", "gpt2", "qwen3", "llama3"])
  func everyTensorIsRandomAsGPT2Is(name: String) throws {
    let folder = try TemporaryFolder()
    let source = Fixtures.path("models/" + name)
    let path = folder.file("new")
    try NewModel(config: source + "/config.json", tokenizer: Checkpoint.open(source))
      .write(to: path, seed: 1)
    let written = try Checkpoint.open(path)
    let description = try ModelDescription(written)
    let expected = try ModelDescription(Checkpoint.open(source))
    #expect(Set(description.binding.roles) == Set(expected.binding.roles))
    let depth = Float(2 * description.configuration.layers.count)
    for role in description.binding.roles {
      let values = try written.floats(description.binding[role]!.entry)
      let mean = values.reduce(0, +) / Float(values.count)
      guard description.binding.isMatrix(role) else {
        #expect(values.allSatisfy { $0 == (role.kind.isNormWeight ? 1 : 0) }, "\(role)")
        continue
      }
      let deviation = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
      let adds = role.kind == .output || role.kind == .down
      let wanted = adds ? 0.02 / depth.squareRoot() : 0.02
      #expect(abs(deviation / wanted - 1) < 0.1, "\(role)")
      #expect(abs(mean) < 0.1 * wanted, "\(role)")
    }
    #expect(throws: Never.self) { try Model.load(path, options: LoadOptions(threads: 1)) }
  }

  @Test func aVocabularyThatLacksTokensIsRefused() throws {
    let source = try Checkpoint.open(Fixtures.path("models/smollm2"))
    let folder = try TemporaryFolder()
    let config = folder.file("config.json")
    let text = String(
      decoding: try Files.read(source.path + "/config.json"), as: UTF8.self)
    try Files.write(
      Array(text.replacing("\"vocab_size\": 100", with: "\"vocab_size\": 99").utf8), to: config)
    #expect(throws: SparrowError.self) { try NewModel(config: config, tokenizer: source) }
  }
}
