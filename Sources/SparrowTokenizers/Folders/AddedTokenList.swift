internal import SparrowCore

/// The added tokens of a `tokenizer.json`, and those that other files of the folder add to it, with
/// ids and in the order of transformers.
struct AddedTokenList {
  private let tokenizer: JSON
  private var tokens: [JSON]
  private var places: [[UInt8]: Int] = [:]
  /// Ids by text, made when they are first asked for.
  private var vocabulary: [[UInt8]: Int]?
  private(set) var isChanged = false

  init(_ tokenizer: JSON) {
    self.tokenizer = tokenizer
    tokens = tokenizer["added_tokens"]?.array ?? []
    for (index, token) in tokens.enumerated() {
      places[Array((token["content"]?.string ?? "").utf8)] = index
    }
  }

  /// The tokenizer with these added tokens.
  var json: JSON {
    let others = (tokenizer.members ?? []).filter { $0.key != "added_tokens" }
    return .object(others + [("added_tokens", .array(tokens))])
  }

  private static let names = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// Adds what `tokenizer_config.json` and `added_tokens.json` list, then special tokens that are
  /// nowhere yet, of which a class may have some by itself.
  mutating func add(config: JSON?, addedTokens: JSON?, defaults: [String: String]) {
    func token(_ key: String) -> JSON? {
      guard let value = config?[key] else { return defaults[key].map { .string($0) } }
      return value.isNull ? nil : value
    }
    let extra = config?["extra_special_tokens"] ?? config?["additional_special_tokens"]
    let others = (config?.members ?? []).filter {
      $0.key.hasSuffix("_token") && !Self.names.contains($0.key)
    }
    let special =
      Self.names.compactMap(token) + others.map(\.value)
      + (extra?.array ?? extra?.members?.map(\.value) ?? [])
    let texts = Set(special.compactMap(Self.text).map { Array($0.utf8) })
    let decoder = (config?["added_tokens_decoder"]?.members ?? []).compactMap { member in
      Int(member.key).map { ($0, member.value) }
    }
    for (_, token) in decoder.sorted(by: { $0.0 < $1.0 }) { add(token) }
    let listed = (addedTokens?.members ?? []).compactMap { member in
      member.value.int.map { ($0, member.key) }
    }
    for (_, text) in listed.sorted(by: { $0.0 < $1.0 }) {
      let isSpecial = texts.contains(Array(text.utf8))
      add([
        "content": .string(text), "special": .bool(isSpecial), "normalized": .bool(!isSpecial),
      ])
    }
    for value in special {
      guard let text = Self.text(value), places[Array(text.utf8)] == nil else { continue }
      add(flags(value, text: text))
    }
  }

  private static func text(_ value: JSON) -> String? {
    value.string ?? value["content"]?.string
  }

  /// A special token as it is described, or as text alone.
  private func flags(_ value: JSON, text: String) -> JSON {
    guard value.string == nil else {
      return ["content": .string(text), "special": true, "normalized": false]
    }
    let members = (value.members ?? []).filter { $0.key != "special" && $0.key != "__type" }
    return .object(members + [("special", true)])
  }

  /// Adds a token, or gives one that is there its flags.
  private mutating func add(_ token: JSON) {
    guard let text = token["content"]?.string, !text.isEmpty else { return }
    let key = Array(text.utf8)
    let place = places[key]
    let id = place.flatMap { tokens[$0]["id"]?.int } ?? self.id(of: key)
    let new = Self.complete(token, text: text, id: id)
    if let place {
      guard Self.complete(tokens[place], text: text, id: id) != new else { return }
      tokens[place] = new
    } else {
      places[key] = tokens.count
      tokens.append(new)
    }
    isChanged = true
  }

  private static func complete(_ token: JSON, text: String, id: Int) -> JSON {
    func flag(_ name: String, _ preset: Bool = false) -> JSON {
      .bool(token[name]?.bool ?? preset)
    }
    return [
      "id": .integer(id), "content": .string(text), "single_word": flag("single_word"),
      "lstrip": flag("lstrip"), "rstrip": flag("rstrip"),
      "normalized": flag("normalized", !(token["special"]?.bool ?? false)),
      "special": flag("special"),
    ]
  }

  /// The vocabulary's own id of a text, or the next that is free.
  private mutating func id(of text: [UInt8]) -> Int {
    let members = tokenizer["model"]?["vocab"]?.members ?? []
    if vocabulary == nil {
      var table: [[UInt8]: Int] = [:]
      table.reserveCapacity(members.count)
      for member in members { table[Array(member.key.utf8)] = member.value.int }
      vocabulary = table
    }
    if let id = vocabulary?[text] { return id }
    let last = tokens.compactMap { $0["id"]?.int }.max() ?? -1
    return last >= members.count ? last + 1 : members.count
  }
}
