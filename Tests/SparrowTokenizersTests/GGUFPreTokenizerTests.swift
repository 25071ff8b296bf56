import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// GGUF's byte-level vocabularies against llama.cpp's ids by each of its pre-tokenizers.
@Suite struct GGUFPreTokenizerTests {
  private static let document = try? JSON.parse(
    MappedFile(path: Fixtures.path("tokenizers/gguf-pre.json")))
  private static let groups = document?["groups"]?.array ?? []

  private func description(_ pre: String?) throws -> TokenizerDescription {
    let document = try #require(Self.document)
    var source = StubMetadata([
      "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.tokens": document["tokens"]!,
      "tokenizer.ggml.token_type": document["types"]!,
      "tokenizer.ggml.merges": document["merges"]!, "tokenizer.ggml.bos_token_id": 0,
      "tokenizer.ggml.add_bos_token": false,
    ])
    if let pre { source.values["tokenizer.ggml.pre"] = .string(pre) }
    return try TokenizerDescription(gguf: source, file: "stub.gguf")
  }

  @Test(arguments: groups.flatMap { $0["names"]?.array?.compactMap(\.string) ?? [] })
  func idsAreLlamaCpps(name: String) throws {
    let group = Self.groups.first { $0["names"]?.array?.contains(.string(name)) == true }
    let expected = try #require(group?["ids"]?.array).compactMap { $0.int.map { Int32($0) } }
    let tokenizer = try Tokenizer(description(name == "none" ? nil : name))
    let text = try #require(Self.document?["text"]?.string)
    #expect(tokenizer.encode(text, addSpecial: false) == expected)
  }

  @Test func everyNameIsThere() {
    let names = Self.groups.flatMap { $0["names"]?.array?.compactMap(\.string) ?? [] }
    let known = GGUFPreTokenizer.names.filter { GGUFPreTokenizer.named($0)?.isMarked == false }
    #expect(Set(names) == Set(known + ["none"]))
  }

  @Test func aMissingNameIsWarnedOf() throws {
    let warnings = try Tokenizer(description(nil)).warnings
    #expect(warnings.count == 1 && warnings[0].contains("tokenizer.ggml.pre"))
    #expect(try Tokenizer(description("gpt-2")).warnings.isEmpty)
  }

  @Test func unknownNamesAreRefusedWithTheKnown() throws {
    let error = #expect(throws: SparrowError.self) { try description("no-such") }
    #expect(error?.kind == .unsupported)
    #expect(error?.description.contains("llama-bpe") == true)
  }
}
