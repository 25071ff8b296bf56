import Sparrow
import SparrowCore
import SparrowTestSupport
import Testing

@Suite struct EmbedderTests {
  /// A copy of the fixture with one file changed.
  private func changed(_ name: String, _ text: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for file in ["config.json", "model.safetensors", "tokenizer.json", "modules.json"] {
      try folder.write(file, contents(of: EncoderFixture.path + "/" + file))
    }
    try folder.write(name, text)
    return folder
  }

  @Test("vectors are sentence-transformers', by one thread or two", arguments: [1, 2])
  func vectors(threads: Int) throws {
    let fixture = try EncoderFixture()
    let embedder = try Embedder.load(EncoderFixture.path, threads: threads)
    for one in fixture.cases {
      guard let expected = one.vector else { continue }
      let found = try embedder.embed(one.text)
      let worst = zip(found, expected).map { abs($0 - $1) }.max()
      #expect(found.count == expected.count && worst ?? 1 < 1e-5, "\(one.text)")
    }
  }

  @Test func bitsDependOnNothingBefore() throws {
    let embedder = try Embedder.load(EncoderFixture.path, threads: 2)
    let alone = try embedder.embed("a small bird")
    _ = try embedder.embed("that nests under roofs")
    #expect(try embedder.embed("a small bird") == alone)
    let single = try Embedder.load(EncoderFixture.path, threads: 1)
    #expect(try single.embed("a small bird") == alone)
  }

  @Test func tooLongATextNamesTheLimit() throws {
    let embedder = try Embedder.load(EncoderFixture.path, threads: 1)
    let long = try #require(EncoderFixture().cases.first { $0.vector == nil })
    let error = #expect(throws: SparrowError.self) { try embedder.embed(long.text) }
    #expect(error?.kind == .argument && error?.expected.contains("1 to 64") ?? false)
  }

  @Test("the first token's state, as an older file asks for it")
  func firstToken() throws {
    let modules = """
      [{"type": "sentence_transformers.models.Pooling", "path": "pool"},
      {"type": "sentence_transformers.models.Normalize"}]
      """
    let folder = try changed("modules.json", modules)
    try Files.makeFolder(folder.file("pool"))
    try folder.write("pool/config.json", #"{"pooling_mode_cls_token": true}"#)
    let fixture = try EncoderFixture()
    let embedder = try Embedder.load(folder.path, threads: 1)
    let found = try embedder.embed(fixture.cases[0].text)
    #expect(zip(found, fixture.cls).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func otherModulesAreRefused() throws {
    let folder = try changed("modules.json", #"[{"type": "sentence_transformers.models.Dense"}]"#)
    let error = #expect(throws: SparrowError.self) { try Embedder.load(folder.path) }
    #expect(error?.kind == .unsupported && error?.field == "modules.json")
  }

  @Test func encodersAndDecodersAreNotTakenForEachOther() throws {
    let decoder = #expect(throws: SparrowError.self) {
      try Embedder.load(Fixtures.path("models/llama3"))
    }
    #expect(decoder?.expected.contains("sparrow generate") ?? false)
    let encoder = #expect(throws: SparrowError.self) { try Model.load(EncoderFixture.path) }
    #expect(encoder?.expected.contains("sparrow embed") ?? false)
  }
}
