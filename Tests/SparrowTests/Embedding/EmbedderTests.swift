import Sparrow
import SparrowCore
import SparrowTestSupport
import Testing

@Suite struct EmbedderTests {
  /// A copy of the fixture with one file changed.
  private func changed(_ name: String, _ text: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder.file("1_Pooling"))
    let names = [
      "config.json", "model.safetensors", "tokenizer.json", "modules.json", "1_Pooling/config.json",
    ]
    for file in names {
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
      #expect(found.count == expected.count, "\(one.text)")
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(one.text)")
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
    #expect(found.count == fixture.cls.count)
    #expect(zip(found, fixture.cls).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test(
    "poolings that are none of these are refused",
    arguments: [
      #"{"pooling_mode_max_tokens": true}"#, #"{"pooling_mode_mean_tokens": false}"#,
      #"{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}"#,
      #"{"pooling_mode": ["cls", "mean"]}"#, #"{"pooling_mode": 7}"#,
    ])
  func otherPoolings(config: String) throws {
    let folder = try changed("modules.json", #"[{"type": "m.Pooling", "path": "pool"}]"#)
    try Files.makeFolder(folder.file("pool"))
    try folder.write("pool/config.json", config)
    let error = #expect(throws: SparrowError.self) { try Embedder.load(folder.path) }
    #expect(error?.kind == .unsupported && error?.field == "pooling_mode")
  }

  @Test(
    "broken files are named",
    arguments: [
      ("modules.json", "{}", "modules.json"),
      ("modules.json", #"[{"type": "m.Pooling", "path": "../1_Pooling"}]"#, "path"),
      ("modules.json", #"[{"type": "m.Pooling", "path": ""}]"#, "path"),
      ("sentence_bert_config.json", #"{"max_seq_length": 0}"#, "max_seq_length"),
      ("sentence_bert_config.json", #"{"max_seq_length": "128"}"#, "max_seq_length"),
      ("tokenizer_config.json", #"{"model_max_length": -3}"#, "model_max_length"),
    ])
  func brokenFiles(name: String, text: String, field: String) throws {
    let folder = try changed(name, text)
    let error = try #require(
      #expect(throws: SparrowError.self) { try Embedder.load(folder.path) })
    #expect(error.kind == .malformed && "\(error)".contains(field), "\(error)")
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
