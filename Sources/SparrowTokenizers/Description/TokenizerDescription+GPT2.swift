public import SparrowCore

extension TokenizerDescription {
  /// Reads GPT-2's own two files, which OPT has too: `vocab.json` and `merges.txt`, with
  /// `tokenizer_config.json` where there is one.
  ///
  /// The start, end, unknown and padding tokens that the configuration names are control tokens.
  public init(
    vocabularyJSON vocabulary: JSON, merges: String, config: JSON?, file: String
  ) throws(SparrowError) {
    self.init(file: file)
    guard let members = vocabulary.members else {
      throw error(.malformed, "", "no object", expected: "token texts with their ids")
    }
    splitting = .gpt2(singleDigits: false)
    var special: [JSON] = []
    for key in ["bos_token", "eos_token", "unk_token", "pad_token"] {
      guard let text = config?[key]?.string ?? config?[key]?["content"]?.string,
        let id = members.first(where: { $0.key.utf8.elementsEqual(text.utf8) })?.value
      else { continue }
      if !special.contains(where: { $0["id"] == id }) {
        special.append(["content": .string(text), "id": id, "special": true])
      }
    }
    try readVocabulary(members, added: special, unknown: nil, hasBytes: false)
    let lines = merges.utf8.split(separator: UInt8(ascii: "\n"))
    var reader = MergeReader(self, count: lines.count)
    for (index, line) in lines.enumerated()
    where !(index == 0 && line.starts(with: "#version".utf8)) {
      guard reader.append(Array(line)) else { throw reader.error("merges.txt") }
    }
    rule = .ranked(reader.table)
    findByteTokens()
    try readConfig(config)
  }
}
