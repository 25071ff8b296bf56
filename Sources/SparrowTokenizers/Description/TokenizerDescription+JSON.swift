public import SparrowCore

extension TokenizerDescription {
  /// Reads a `tokenizer.json` of model BPE, and `tokenizer_config.json` where there is one.
  ///
  /// Throws `.unsupported`, by name, for models, normalisers, pre-tokenisers and post-processors
  /// that Sparrow does not know, and `.malformed` for contents that break the format.
  public init(
    tokenizerJSON json: JSON, config: JSON?, file: String
  ) throws(SparrowError) {
    self.init(file: file)
    guard let model = json["model"], let members = model["vocab"]?.members else {
      throw error(.malformed, "model.vocab", "no object", expected: "the vocabulary of a BPE model")
    }
    let type = model["type"]?.string ?? "BPE"
    guard type == "BPE" else {
      throw error(.unsupported, "model.type", "tokenizer model '\(type)'", expected: "BPE")
    }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"]
    where !(model[name]?.string ?? "").isEmpty {
      throw error(.unsupported, "model." + name, "a mark inside words")
    }
    guard model["dropout"]?.double ?? 0 == 0 else {
      throw error(.unsupported, "model.dropout", "merges left out by chance")
    }
    try readPipeline(json)
    ignoresMerges = model["ignore_merges"]?.bool ?? false
    fusesUnknown = model["fuse_unk"]?.bool ?? false
    try readVocabulary(
      members, added: json["added_tokens"]?.array ?? [],
      unknown: model["unk_token"]?.string, hasBytes: model["byte_fallback"]?.bool ?? false)
    try readMerges(model["merges"]?.array ?? [])
    findByteTokens()
    try readPostProcessor(json["post_processor"])
    try readConfig(config)
  }

  /// Orders the tokens by id: the model's, then those added to it; holes become empty tokens.
  mutating func readVocabulary(
    _ members: [(key: String, value: JSON)], added list: [JSON], unknown: String?, hasBytes: Bool
  ) throws(SparrowError) {
    var places: [Int32] = []
    func place(_ id: Int?, _ index: Int, _ name: String) throws(SparrowError) {
      guard let id, id >= 0, id < Vocabulary.maximumCount else {
        throw error(
          .malformed, "token '\(name)'", "an id that is no index",
          expected: "0 to \(Vocabulary.maximumCount - 1)")
      }
      while places.count <= id { places.append(-1) }
      guard places[id] < 0 || index >= members.count else {
        throw error(.malformed, "token '\(name)'", "id \(id), which another token has")
      }
      places[id] = Int32(index)
    }
    places.reserveCapacity(members.count + list.count)
    for (index, member) in members.enumerated() {
      try place(member.value.int, index, member.key)
    }
    // Tokens of the model that are added tokens too: merging makes them all the same.
    var shared: Set<Int> = []
    for (index, token) in list.enumerated() {
      guard let text = token["content"]?.string, !text.isEmpty else {
        throw error(.malformed, "added_tokens[\(index)]", "no text", expected: "content")
      }
      if let id = token["id"]?.int, places.indices.contains(id), places[id] >= 0,
        Int(places[id]) < members.count,
        members[Int(places[id])].key.utf8.elementsEqual(text.utf8)
      {
        shared.insert(id)
      }
      try place(token["id"]?.int, members.count + index, text)
    }
    vocabulary = Vocabulary(reserving: places.count)
    kinds.reserveCapacity(places.count)
    for (id, index) in places.enumerated() {
      if index < 0 {
        _ = append(EmptyCollection<UInt8>(), .unused)
      } else if Int(index) < members.count {
        let text = members[Int(index)].key
        let isByte = hasBytes && Self.byte(named: text.utf8) != nil
        let isUnknown = unknown.map { $0.utf8.elementsEqual(text.utf8) } ?? false
        _ = append(text.utf8, isUnknown ? .unknown : isByte ? .byte : .normal)
        if isUnknown { self.unknown = Int32(id) }
      } else {
        let token = list[Int(index) - members.count]
        readAdded(token, Int32(id), unknown: unknown, isShared: shared.contains(id))
      }
    }
    try finishVocabulary(shared: shared)
  }

  private mutating func readAdded(
    _ token: JSON, _ id: Int32, unknown: String?, isShared: Bool
  ) {
    let text = token["content"]?.string ?? ""
    let added = AddedToken(json: token, id: id)
    let isUnknown = unknown.map { $0.utf8.elementsEqual(text.utf8) } ?? false
    let kind: TokenKind = isUnknown ? .unknown : added.isSpecial ? .control : .userDefined
    _ = append(text.utf8, kind, readAs: isShared ? .normal : kind)
    if isUnknown { self.unknown = id }
    self.added.append(added)
  }

  /// Merges are pairs, or in older files texts with a space between the halves.
  mutating func readMerges(_ merges: [JSON]) throws(SparrowError) {
    var reader = MergeReader(self, count: merges.count)
    for (index, merge) in merges.enumerated() {
      let isGood: Bool
      if let text = merge.string {
        isGood =
          text.utf8.withContiguousStorageIfAvailable { reader.append($0) }
          ?? reader.append(Array(text.utf8))
      } else if let pair = merge.array, pair.count == 2, let left = pair[0].string,
        let right = pair[1].string
      {
        isGood = reader.append(left.utf8, right.utf8)
      } else {
        throw error(.malformed, "model.merges[\(index)]", "no pair of texts")
      }
      guard isGood else { throw reader.error("model.merges") }
    }
    rule = .ranked(reader.table)
  }

  /// The id of a token by its text, added tokens first.
  func id(named text: String) -> Int32? {
    if let token = added.last(where: { $0.text.elementsEqual(text.utf8) }) { return token.id }
    return vocabulary.id(of: Array(text.utf8))
  }
}
