import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTokenizers
import Testing

@testable import Sparrow

/// llama.cpp's public vectors: `ggml-vocab-*.gguf` with `.inp` and `.out` beside them.
///
/// Off by default: set `SPARROW_VOCABULARIES` to the folder.
@Suite struct PublicVectorTests {
  static let folder = environment("SPARROW_VOCABULARIES")
  /// `SPARROW_VOCABULARY_NAMES`, with colons between, where the folder holds others.
  static let names =
    (environment("SPARROW_VOCABULARY_NAMES")
    ?? "gpt-2:llama-bpe:llama-spm:qwen2:qwen35:phi-3:mpt:starcoder:refact:command-r"
    + ":falcon:deepseek-llm:deepseek-coder:gemma-4")
    .split(separator: ":").map { String($0) }

  @Test(
    .enabled(if: folder != nil), arguments: names)
  func matches(name: String) throws {
    let path = try #require(Self.folder) + "/ggml-vocab-\(name).gguf"
    let tokenizer = try Checkpoint.open(path).tokenizer()
    let texts = split(try text(path + ".inp"), at: "\n__ggml_vocab_test__\n")
    let lines = split(try text(path + ".out"), at: "\n")
    var checked = 0
    for (text, line) in zip(texts, lines) {
      let expected = line.split(separator: " ").compactMap { Int32($0) }
      let found = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
      #expect(found == expected, "\(name) \(checked): \(text.debugDescription)")
      checked += 1
    }
    print("\(name): \(checked) texts")
    #expect(checked > 40)
  }

  /// `NAME.gguf` and `NAME.json` by `Scripts/make_gguf_cases.py`: what llama.cpp makes of random
  /// texts with each of its pre-tokenizers.
  static let made = environment("SPARROW_GGUF_CASES")
  static let madeNames = made.map { folder in
    Files.names(in: folder).filter { $0.hasSuffix(".gguf") }.sorted()
  }

  @Test(.enabled(if: made != nil), arguments: madeNames ?? [])
  func givesLlamaCppsIDs(name: String) throws {
    let path = try #require(Self.made) + "/" + name
    let tokenizer = try Checkpoint.open(path).tokenizer()
    var count = 0
    for item in try JSON.parse(MappedFile(path: path.dropLast(5) + ".json")).array ?? [] {
      let expected = item.array?[1].array?.compactMap { $0.int.map { Int32($0) } }
      let found = tokenizer.encode(
        item.array?[0].string ?? "", addSpecial: false, parseSpecial: false)
      #expect(found == expected, "\(name)")
      count += found.count
    }
    print("\(name): \(count) tokens")
    #expect(count > 1000)
  }
}

private func text(_ path: String) throws -> String {
  let file = try MappedFile(path: path)
  defer { withExtendedLifetime(file) {} }
  return String(decoding: file.bytes, as: UTF8.self)
}

/// The parts of `text` between separators, compared byte by byte.
private func split(_ text: String, at separator: String) -> [String] {
  let (bytes, mark) = (Array(text.utf8), Array(separator.utf8))
  var parts: [String] = []
  var start = 0
  var at = 0
  while at + mark.count <= bytes.count {
    if bytes[at..<(at + mark.count)].elementsEqual(mark) {
      parts.append(String(decoding: bytes[start..<at], as: UTF8.self))
      at += mark.count
      start = at
    } else {
      at += 1
    }
  }
  return parts + [String(decoding: bytes[start...], as: UTF8.self)]
}
