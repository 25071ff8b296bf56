public import SparrowCore

/// The files of a Hugging Face folder that say how text becomes tokens; nil for those that are not
/// there.
public struct TokenizerFiles: Sendable {
  /// `tokenizer.json`, which says all but what was added later.
  public var tokenizer: JSON?
  /// `tokenizer_config.json`: the class, special and added tokens, the chat template.
  public var config: JSON?
  /// `special_tokens_map.json` and `added_tokens.json`, which older folders have.
  public var specialTokens: JSON?
  public var addedTokens: JSON?
  /// `vocab.json` and `merges.txt`, or `tokenizer.model`, which stand in for `tokenizer.json`.
  public var vocabulary: JSON?
  public var merges: String?
  public var sentencePiece: [UInt8]?
  /// `model_type` of `config.json`.
  public var modelType: String?

  public init() {}
}

extension TokenizerDescription {
  /// Reads a folder's tokenizer as transformers does for the class that `tokenizer_config.json`
  /// names.
  ///
  /// Throws `.system` where no file holds a vocabulary, `.unsupported` for classes without
  /// `tokenizer.json` that Sparrow does not know, and what reading the files throws.
  public init(_ files: TokenizerFiles, folder: String) throws(SparrowError) {
    let isLegacy = files.config?["added_tokens_decoder"] == nil
    var config = files.config
    if isLegacy, let map = files.specialTokens?.members {
      // Without a list of added tokens the older file's special tokens count.
      let others = (config?.members ?? []).filter { member in
        !map.contains { $0.key.utf8.elementsEqual(member.key.utf8) }
      }
      config = .object(others + map)
    }
    let named = TokenizerClass.named(config?["tokenizer_class"]?.string, model: files.modelType)
    var file = folder + "/tokenizer.json"
    var json: JSON
    if let tokenizer = files.tokenizer {
      json = tokenizer
    } else if let vocabulary = files.vocabulary, let merges = files.merges {
      file = folder + "/vocab.json"
      json = try Self.pipeline(named, vocabulary, merges, config, file: file)
    } else if let model = files.sentencePiece {
      file = folder + "/tokenizer.model"
      json = try Self.pipeline(named, SentencePieceModel(model, file: file), config, file: file)
    } else {
      throw SparrowError(
        .system, file: folder, found: "no tokenizer",
        expected: "tokenizer.json, vocab.json and merges.txt, or tokenizer.model beside the weights"
      )
    }
    var list = AddedTokenList(json)
    let defaults = files.tokenizer == nil ? named?.specialTokens ?? [:] : [:]
    list.add(
      config: config, addedTokens: isLegacy ? files.addedTokens : nil, defaults: defaults)
    if list.isChanged { json = list.json }
    if files.tokenizer == nil { config = named?.filled(config) ?? config }
    try self.init(tokenizerJSON: json, config: config, file: file)
  }

  /// What `tokenizer.json` would hold beside a vocabulary and merges in their own files.
  private static func pipeline(
    _ named: TokenizerClass?, _ vocabulary: JSON, _ merges: String, _ config: JSON?, file: String
  ) throws(SparrowError) -> JSON {
    guard vocabulary.members != nil else {
      throw SparrowError(
        .malformed, file: file, found: "no object", expected: "token texts with their ids")
    }
    guard let named, named.isByteLevel else {
      throw TokenizerClass.unknown(config, bytes: true, file: file)
    }
    let lines = merges.utf8.split(separator: UInt8(ascii: "\n")).filter {
      !$0.starts(with: "#version".utf8)
    }
    return named.json(
      vocabulary: vocabulary, merges: lines.map { .string(String(decoding: $0, as: UTF8.self)) },
      config: config)
  }

  /// The same of a SentencePiece model.
  private static func pipeline(
    _ named: TokenizerClass?, _ model: SentencePieceModel, _ config: JSON?, file: String
  ) throws(SparrowError) -> JSON {
    guard let named, !named.isByteLevel else {
      throw TokenizerClass.unknown(config, bytes: false, file: file)
    }
    return named.json(
      vocabulary: model.vocabulary, merges: model.merges.map { .string($0) }, config: config,
      added: model.addedTokens)
  }
}
