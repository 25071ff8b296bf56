public import SparrowCore

/// A GGUF file's tokenizer as the files that transformers and Sparrow read.
///
/// Byte-level vocabularies keep their merges; SentencePiece's scores become merges, as
/// transformers' own converter makes them. Takes some 200 bytes a token while it is written.
public struct HuggingFaceTokenizer {
  let description: TokenizerDescription
  /// The tokens' texts as the file has them.
  let texts: [String]
  /// `left right`, best first.
  let merges: [String]
  let padding: Int?

  /// Throws what reading the tokenizer throws, and `.unsupported` for token texts that JSON cannot
  /// hold: no UTF-8, or the same twice.
  public init(
    gguf source: some GGUFTokenizerSource, file: String
  ) throws(SparrowError) {
    description = try TokenizerDescription(gguf: source, file: file)
    texts = try Self.strings("tokenizer.ggml.tokens", source, description)
    if case .scored(let priorities) = description.rule {
      merges = Self.merges(of: description, texts, priorities)
    } else {
      merges = try Self.strings("tokenizer.ggml.merges", source, description)
    }
    let named = source.int("tokenizer.ggml.padding_token_id")
    padding = texts.indices.first { $0 == named }
  }

  private static func strings(
    _ key: String, _ source: some GGUFTokenizerSource, _ description: TokenizerDescription
  ) throws(SparrowError) -> [String] {
    var texts: [String] = []
    var seen: Set<[UInt8]> = []
    var problem = ""
    source.forEachString(key) { bytes in
      if let text = String(validating: bytes, as: UTF8.self) {
        texts.append(text)
        if !seen.insert(Array(bytes)).inserted { problem = "the text of an earlier one" }
      } else {
        problem = "bytes that are not UTF-8"
      }
      return problem.isEmpty
    }
    guard problem.isEmpty else {
      throw description.error(
        .unsupported, "\(key)[\(texts.count)]", problem, expected: "each text once, in UTF-8")
    }
    return texts
  }

  /// `tokenizer.json`.
  public var tokenizer: JSON {
    let vocabulary = texts.enumerated().map { (key: $1, value: JSON.integer($0)) }
    return [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(addedTokens),
      "normalizer": normalizer, "pre_tokenizer": preTokenizer, "post_processor": postProcessor,
      "decoder": decoder,
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": text(description.unknown),
        "continuing_subword_prefix": .null, "end_of_word_suffix": .null,
        "fuse_unk": .bool(description.fusesUnknown),
        "byte_fallback": .bool(description.kinds.contains(.byte)),
        "ignore_merges": .bool(description.ignoresMerges), "vocab": .object(vocabulary),
        "merges": .array(merges.map { .string($0) }),
      ],
    ]
  }

  /// `tokenizer_config.json`, for the class that takes `tokenizer.json` as it is.
  public var configuration: JSON {
    var members: [(key: String, value: JSON)] = [
      ("tokenizer_class", "PreTrainedTokenizerFast"),
      ("add_bos_token", .bool(description.addsBOS)), ("add_eos_token", .bool(description.addsEOS)),
      ("clean_up_tokenization_spaces", false),
    ]
    let special = [
      ("bos_token", description.bos), ("eos_token", description.eos),
      ("unk_token", description.unknown), ("pad_token", padding.map { Int32($0) }),
    ]
    for case (let key, let id?) in special { members.append((key, text(id))) }
    if let template = description.chatTemplate {
      members.append(("chat_template", .string(template)))
    }
    return .object(members)
  }

  private var addedTokens: [JSON] {
    description.added.map { token in
      [
        "id": .integer(Int(token.id)), "content": text(token.id), "single_word": false,
        "lstrip": .bool(token.stripsLeft), "rstrip": .bool(token.stripsRight),
        "normalized": false, "special": .bool(token.isSpecial),
      ]
    }
  }

  func text(_ id: Int32?) -> JSON { id.map { .string(texts[Int($0)]) } ?? .null }
}
