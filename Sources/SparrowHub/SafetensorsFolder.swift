internal import SparrowCore

/// The files of a safetensors model in a repository's top folder.
struct SafetensorsFolder {
  let files: [HubListing.Entry]
  /// A file without which the model cannot be loaded and that is not there.
  let missing: String?

  /// Nil where there are no weights, or no `config.json` with them.
  init?(_ entries: [HubListing.Entry]) {
    let top = entries.filter { PulledModel.isPlain($0.name) }
    let single = top.filter { $0.name == Self.single }
    let shards = top.filter { SplitName($0.name, suffix: ".safetensors")?.stem == "model" }
    let index = top.filter { $0.name == Self.index }
    guard !(single + shards).isEmpty, top.contains(where: { $0.name == "config.json" }) else {
      return nil
    }
    let texts = top.filter { Self.texts.contains($0.name) }
    files = texts + (single.isEmpty ? shards + index : single)
    missing = single.isEmpty ? Self.missing(shards.map(\.name), hasIndex: !index.isEmpty) : nil
  }

  private static let single = "model.safetensors"
  private static let index = "model.safetensors.index.json"
  private static let texts: Set = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "merges.txt", "vocab.txt", "chat_template.jinja", "modules.json", "sentence_bert_config.json",
  ]

  private static func missing(_ shards: [String], hasIndex: Bool) -> String? {
    guard hasIndex else { return index }
    let names = shards.compactMap { SplitName($0, suffix: ".safetensors") }
    guard let count = names.map(\.count).max(), count > 0, count < 10_000 else { return single }
    let there = Set(shards)
    return (1...count).lazy.map { names[0].part($0, of: count) }.first { !there.contains($0) }
  }
}
