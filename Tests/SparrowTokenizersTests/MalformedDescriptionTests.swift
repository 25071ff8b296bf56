import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// Descriptions that break a rule throw an error that names it; none traps.
@Suite struct MalformedDescriptionTests {
  private static let prefix = "tokenizer.ggml."

  /// A field, the JSON put into its place (nothing: the field goes), and the error due.
  struct Damage: CustomTestStringConvertible {
    let (field, json, kind): (String, String, SparrowError.Kind)

    init(_ field: String, _ json: String, _ kind: SparrowError.Kind) {
      (self.field, self.json, self.kind) = (field, json, kind)
    }

    var testDescription: String { field + ": " + json }
  }

  static let sentencePieceDamage = [
    Damage("model", #""#, .malformed),
    Damage("model", #""bert""#, .unsupported),
    Damage("model", #""t5""#, .unsupported),
    Damage("tokens", #""#, .malformed),
    Damage("tokens", #"[]"#, .malformed),
    Damage("tokens", #"[1, 2]"#, .malformed),
    Damage("tokens", #"["<unk>", "<s>", "</s>", "a", "a"]"#, .malformed),
    Damage("scores", #""#, .malformed),
    Damage("scores", #"[0, 1]"#, .mismatch),
    Damage("scores", #"[0, 0, 0, "x", 0]"#, .malformed),
    Damage("token_type", #"[1, 1]"#, .mismatch),
    Damage("token_type", #"[2, 3, 3, 1, 6]"#, .malformed),
    Damage("bos_token_id", #"5"#, .malformed),
    Damage("bos_token_id", #"-7"#, .malformed),
    Damage("eos_token_id", #"1099511627776"#, .malformed),
    Damage("unknown_token_id", #"99"#, .malformed),
    Damage("eot_token_id", #"77"#, .malformed),
  ]

  static let byteLevelDamage = [
    Damage("pre", #""no-such""#, .unsupported),
    Damage("pre", #""kimi-k2""#, .unsupported),
    Damage("merges", #""#, .malformed),
    Damage("merges", #"["ab"]"#, .malformed),
    Damage("merges", #"["a c"]"#, .malformed),
    Damage("merges", #"["b a"]"#, .malformed),
    Damage("merges", #"["a 日"]"#, .malformed),
    Damage("merges", #"[""]"#, .malformed),
    Damage("merges", #"[" "]"#, .malformed),
    Damage("add_bos_token", #"true"#, .mismatch),
  ]

  @Test(arguments: sentencePieceDamage)
  func sentencePiece(damage: Damage) throws { try check(.small, damage) }

  @Test(arguments: byteLevelDamage)
  func byteLevel(damage: Damage) throws { try check(.smallByteLevel, damage) }

  private func check(_ stub: StubMetadata, _ damage: Damage) throws {
    var source = stub
    source.values[Self.prefix + damage.field] =
      damage.json.isEmpty ? nil : try JSON.parse(damage.json)
    do throws(SparrowError) {
      _ = try Tokenizer(TokenizerDescription(gguf: source, file: "stub.gguf"))
      Issue.record("no error")
    } catch {
      #expect(error.kind == damage.kind, "\(error)")
      #expect(error.file == "stub.gguf" && !error.field.isEmpty, "\(error)")
    }
  }

  /// A byte-level `tokenizer.json`, one part of which the tests replace.
  private static let good = """
    {"added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "ByteLevel"},
    "post_processor": null, "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2},
    "merges": [["a", "b"]]}}
    """

  static let jsonDamage = [
    Damage(#""BPE""#, #""WordPiece""#, .unsupported),
    Damage(#""BPE""#, #""Unigram""#, .unsupported),
    Damage(#""type": "BPE""#, #""continuing_subword_prefix": "@""#, .unsupported),
    Damage(#""ByteLevel""#, #""BertPreTokenizer""#, .unsupported),
    Damage(
      #"{"type": "ByteLevel"}"#,
      #"{"type": "Sequence", "pretokenizers": [{"type": "Digits"}, "#
        + #"{"type": "ByteLevel", "add_prefix_space": true}]}"#,
      .unsupported),
    Damage(#""ByteLevel""#, #""UnicodeScripts""#, .unsupported),
    Damage(#""merges": [["#, #""dropout": 0.1, "merges": [["#, .unsupported),
    Damage(#""added_tokens": []"#, #""decoder": {"type": "WordPiece"}"#, .unsupported),
    Damage(#"{"type": "ByteLevel"}"#, #"null"#, .unsupported),
    Damage(
      #"{"type": "ByteLevel"}"#,
      #"{"type": "Split", "pattern": {"Regex": "x"}}"#,
      .unsupported),
    Damage(
      #"{"type": "ByteLevel"}"#, #"{"type": "Split", "pattern": {"Regex": "(x"}}"#, .malformed),
    Damage(#"{"type": "ByteLevel"}"#, #"{"type": "Split", "pattern": {}}"#, .malformed),
    Damage(
      #"{"type": "ByteLevel"}"#,
      #"{"type": "Split", "pattern": {"Regex": "(?<a>x)"}}"#,
      .unsupported),
    Damage(
      #"{"type": "ByteLevel"}"#,
      #"{"type": "Split", "pattern": {"Regex": "x"}, "behavior": "y"}"#,
      .malformed),
    Damage(#""normalizer": null"#, #""normalizer": {"type": "NFKC"}"#, .unsupported),
    Damage(#""normalizer": null"#, #""normalizer": {"type": "BertNormalizer"}"#, .unsupported),
    Damage(
      #""post_processor": null"#,
      #""post_processor": {"type": "BertProcessing"}"#,
      .unsupported),
    Damage(
      #""post_processor": null"#,
      #""post_processor": {"type": "TemplateProcessing", "#
        + #""single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {}}]}"#,
      .malformed),
    Damage(#"{"a": 0, "b": 1, "ab": 2}"#, #"[]"#, .malformed),
    Damage(#""ab": 2"#, #""ab": 1"#, .malformed),
    Damage(#""ab": 2"#, #""ab": -1"#, .malformed),
    Damage(#""ab": 2"#, #""ab": 99999999"#, .malformed),
    Damage(#""ab": 2"#, #""ab": "x""#, .malformed),
    Damage(#""ab": 2"#, #""a": 2"#, .malformed),
    Damage(#"{"a": 0, "b": 1, "ab": 2}"#, #"{}"#, .malformed),
    Damage(#"["a", "b"]"#, #"["a", "c"]"#, .malformed),
    Damage(#"["a", "b"]"#, #"["a"]"#, .malformed),
    Damage(#"["a", "b"]"#, #"3"#, .malformed),
    Damage(#"["a", "b"]"#, #""ab""#, .malformed),
    Damage(#""added_tokens": []"#, #""added_tokens": [{}]"#, .malformed),
  ]

  @Test(arguments: jsonDamage)
  func tokenizerJSON(damage: Damage) throws {
    let bad = try JSON.parse(try replace(damage.field, by: damage.json))
    do throws(SparrowError) {
      _ = try Tokenizer(
        TokenizerDescription(tokenizerJSON: bad, config: nil, file: "tokenizer.json"))
      Issue.record("no error")
    } catch {
      #expect(error.kind == damage.kind, "\(error)")
      #expect(error.file == "tokenizer.json" && !error.field.isEmpty, "\(error)")
    }
  }

  @Test func theUnchangedOnesAreGood() throws {
    _ = try Tokenizer(TokenizerDescription(gguf: StubMetadata.small, file: ""))
    _ = try Tokenizer(TokenizerDescription(gguf: StubMetadata.smallByteLevel, file: ""))
    let tokenizer = try Tokenizer(
      TokenizerDescription(tokenizerJSON: JSON.parse(Self.good), config: nil, file: ""))
    #expect(tokenizer.encode("abba") == [2, 1, 0])
  }

  private func replace(_ part: String, by replacement: String) throws -> String {
    let pieces = Self.good.split(separator: part, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(pieces.count == 2)
    return pieces[0] + replacement + pieces[1]
  }

  @Test(arguments: ["gpt2", "llama2", "mistral"])
  func damagedFilesThrowOrWork(name: String) throws {
    let path = Fixtures.path("tokenizers/" + name + "/tokenizer.json")
    let sample = try contents(of: path)
    var mutator = Mutator(seed: 3)
    var accepted = 0
    for _ in 0..<100 {
      do throws(SparrowError) {
        let json = try JSON.parse(mutator.mutate(sample))
        let tokenizer = try Tokenizer(
          TokenizerDescription(tokenizerJSON: json, config: nil, file: path))
        let ids = tokenizer.encode("the \u{00E9}<|end|>\u{1F600} 12", parseSpecial: true)
        _ = tokenizer.decode(ids)
        accepted += 1
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
    #expect(accepted > 3 && accepted < 97)
  }
}
