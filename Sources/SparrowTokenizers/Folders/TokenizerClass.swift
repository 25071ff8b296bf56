internal import SparrowCore

/// What a class of transformers makes of a vocabulary that comes without `tokenizer.json`.
struct TokenizerClass {
  let name: String
  var models: [String] = []
  var isByteLevel = true
  var normalizer: JSON = .null
  /// What stands before `ByteLevel`, or in its place.
  var preTokenizer: [JSON] = []
  /// Whether `ByteLevel` cuts by GPT-2's expression.
  var cutsWords = true
  /// Special tokens where `tokenizer_config.json` names none.
  var specialTokens: [String: String] = [:]

  /// The class of that name, or of a model without one; the first of all where neither is known.
  static func named(_ name: String?, model: String?) -> TokenizerClass? {
    // Published configurations of these models name classes that do not fit them.
    let own = model.flatMap { model in all.first { $0.models.contains(model) } }
    if let own, let model, ["qwen2", "qwen3_5"].contains(model) { return own }
    // For these transformers goes by the SentencePiece model's own settings, whatever class is
    // named.
    if let model, ["mistral", "mixtral", "ministral3", "phi3"].contains(model) { return nil }
    guard var name else { return own ?? (model == nil ? all[0] : nil) }
    if name.hasSuffix("Fast") { name.removeLast(4) }
    return all.first { $0.name == name }
  }

  static func unknown(_ config: JSON?, bytes: Bool, file: String) -> SparrowError {
    let names = all.filter { $0.isByteLevel == bytes }.map(\.name).joined(separator: ", ")
    return SparrowError(
      .unsupported, file: file, field: "tokenizer_class",
      found: "\(config?["tokenizer_class"]?.string ?? "no class") without tokenizer.json",
      expected: "tokenizer.json, or one of \(names)")
  }

  /// The configuration with the class's own special tokens where it names none.
  func filled(_ config: JSON?) -> JSON {
    var members = config?.members ?? []
    for (key, text) in specialTokens.sorted(by: { $0.key < $1.key }) where config?[key] == nil {
      members.append((key, .string(text)))
    }
    return .object(members)
  }

  func json(
    vocabulary: JSON, merges: [JSON], config: JSON?, added: [JSON] = []
  ) -> JSON {
    let addsSpace = config?["add_prefix_space"]?.bool
    var steps = preTokenizer
    var decoder: JSON = ["type": "ByteLevel"]
    if isByteLevel {
      steps.append([
        "type": "ByteLevel", "add_prefix_space": .bool(addsSpace ?? false),
        "use_regex": .bool(cutsWords),
      ])
    } else {
      var parts: [JSON] = [
        ["type": "Replace", "pattern": ["String": "\u{2581}"], "content": " "],
        ["type": "ByteFallback"], ["type": "Fuse"],
      ]
      if name == "LlamaTokenizer" {
        let adds = addsSpace ?? true
        let isLegacy = config?["legacy"]?.bool ?? false
        steps = [
          [
            "type": "Metaspace", "replacement": "\u{2581}", "split": false,
            "prepend_scheme": adds ? isLegacy ? "always" : "first" : "never",
          ]
        ]
        if adds { parts.append(["type": "Strip", "content": " ", "start": 1, "stop": 0]) }
      }
      decoder = ["type": "Sequence", "decoders": .array(parts)]
    }
    let unknown = config?["unk_token"]?.string ?? config?["unk_token"]?["content"]?.string
    return [
      "added_tokens": .array(added), "normalizer": normalizer,
      "pre_tokenizer": ["type": "Sequence", "pretokenizers": .array(steps)],
      "post_processor": .null, "decoder": decoder,
      "model": [
        "type": "BPE", "vocab": vocabulary, "merges": .array(merges),
        "fuse_unk": .bool(!isByteLevel), "byte_fallback": .bool(!isByteLevel),
        "unk_token": name == "GemmaTokenizer"
          ? .string(unknown ?? specialTokens["unk_token"] ?? "") : .null,
      ],
    ]
  }

  private static let end = "<|endoftext|>"
  private static let composed: JSON = ["type": "NFC"]

  private static func split(marks: Bool) -> [JSON] {
    let expression = Splitting.expression(digits: 1, marks: marks)
    return [
      [
        "type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated",
        "invert": false,
      ]
    ]
  }

  private static let qwenTokens = ["unk_token": end, "eos_token": end, "pad_token": end]

  /// By transformers 5.24.
  static let all: [TokenizerClass] = [
    TokenizerClass(
      name: "GPT2Tokenizer",
      models: ["gpt2", "gpt_neo", "gptj", "opt", "phi", "starcoder2"],
      specialTokens: ["unk_token": end, "bos_token": end, "eos_token": end]),
    TokenizerClass(
      name: "Qwen2Tokenizer", models: ["qwen2", "qwen3"], normalizer: composed,
      preTokenizer: split(marks: false), cutsWords: false, specialTokens: qwenTokens),
    TokenizerClass(
      name: "Qwen3_5Tokenizer", models: ["qwen3_5", "qwen3_5_text"], normalizer: composed,
      preTokenizer: split(marks: true), cutsWords: false, specialTokens: qwenTokens),
    TokenizerClass(
      name: "GPTNeoXTokenizer", models: ["gpt_neox", "olmo"], normalizer: composed,
      specialTokens: [
        "unk_token": end, "bos_token": end, "eos_token": end, "pad_token": "<|padding|>",
      ]),
    TokenizerClass(
      name: "CohereTokenizer", models: ["cohere", "cohere2"], normalizer: composed,
      preTokenizer: [["type": "Digits", "individual_digits": true]],
      specialTokens: [
        "unk_token": "<UNK>", "bos_token": "<BOS_TOKEN>", "eos_token": "<|END_OF_TURN_TOKEN|>",
        "pad_token": "<PAD>", "cls_token": "<CLS>", "sep_token": "<SEP>",
        "mask_token": "<MASK_TOKEN>",
      ]),
    TokenizerClass(
      name: "LlamaTokenizer", models: ["llama"], isByteLevel: false,
      specialTokens: ["unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"]),
    TokenizerClass(
      name: "GemmaTokenizer", models: ["gemma", "gemma2", "gemma3", "gemma3_text"],
      isByteLevel: false,
      normalizer: ["type": "Replace", "pattern": ["String": " "], "content": "\u{2581}"],
      preTokenizer: [
        [
          "type": "Split", "pattern": ["String": " "], "behavior": "MergedWithPrevious",
          "invert": false,
        ]
      ],
      specialTokens: [
        "unk_token": "<unk>", "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>",
        "mask_token": "<mask>",
      ]),
  ]
}
