internal import SparrowCore

extension TokenizerDescription {
  /// Reads the normaliser, the pre-tokeniser and the decoder.
  mutating func readPipeline(_ json: JSON) throws(SparrowError) {
    try readNormalizer(json["normalizer"])
    try readPreTokenizer(json["pre_tokenizer"])
    for step in Self.steps(json["decoder"], "decoders") { try readDecoder(step) }
  }

  /// The steps of a sequence, or the one step; none for null.
  static func steps(_ json: JSON?, _ name: String) -> [JSON] {
    guard let json, !json.isNull else { return [] }
    guard json["type"]?.string == "Sequence" else { return [json] }
    return (json[name]?.array ?? []).flatMap { steps($0, name) }
  }

  private mutating func readDecoder(_ step: JSON) throws(SparrowError) {
    switch step["type"]?.string {
    case "ByteLevel", "ByteFallback", "Fuse": break
    case "Metaspace" where spacing == .marked:
      dropsFirstSpace = step["prepend_scheme"]?.string != "never"
    case "Replace"
    where step["pattern"]?["String"]?.string == "\u{2581}" && step["content"]?.string == " ":
      break
    case "Strip" where step["content"]?.string == " " && step["stop"]?.int ?? 0 == 0:
      if step["start"]?.int ?? 0 > 0 { dropsFirstSpace = true }
    case let name:
      throw error(
        .unsupported, "decoder", "decoder '\(name ?? "without a type")'",
        expected: "ByteLevel, ByteFallback, Fuse, Metaspace, Replace of U+2581 or Strip of a space")
    }
  }

  /// Finds the tokens that are put around a text.
  mutating func readPostProcessor(_ json: JSON?) throws(SparrowError) {
    for step in Self.steps(json, "processors") {
      switch step["type"]?.string {
      case "ByteLevel": continue
      case "TemplateProcessing":
        let pieces = step["single"]?.array ?? []
        guard let text = pieces.firstIndex(where: { $0["Sequence"] != nil }), text <= 1,
          pieces.count - text <= 2
        else {
          throw error(
            .unsupported, "post_processor.single", "\(pieces.count) pieces",
            expected: "a text with at most one special token on each side")
        }
        if text == 1 {
          bos = try specialID(pieces[0], step)
          addsBOS = true
        }
        if pieces.count > text + 1 {
          eos = try specialID(pieces[text + 1], step)
          addsEOS = true
        }
      case let name:
        throw error(
          .unsupported, "post_processor", "post-processor '\(name ?? "without a type")'",
          expected: "ByteLevel or TemplateProcessing")
      }
    }
  }

  private func specialID(_ piece: JSON, _ template: JSON) throws(SparrowError) -> Int32 {
    let name = piece["SpecialToken"]?["id"]?.string ?? ""
    guard let ids = template["special_tokens"]?[name]?["ids"]?.array, ids.count == 1,
      let id = ids[0].int
    else {
      throw error(.malformed, "post_processor.special_tokens", "no single id for '\(name)'")
    }
    return try checked(id, "post_processor.special_tokens")
  }

  /// Reads `tokenizer_config.json`: the start and end tokens and the chat template.
  mutating func readConfig(_ config: JSON?) throws(SparrowError) {
    guard let config else { return }
    func id(_ key: String) -> Int32? {
      (config[key]?.string ?? config[key]?["content"]?.string).flatMap { self.id(named: $0) }
    }
    bos = bos ?? id("bos_token")
    eos = id("eos_token") ?? eos
    addsBOS = config["add_bos_token"]?.bool ?? addsBOS
    addsEOS = config["add_eos_token"]?.bool ?? addsEOS
    if let template = config["chat_template"] {
      chatTemplate =
        template.string
        ?? template.array?.first { $0["name"]?.string == "default" }?["template"]?.string
    }
  }
}
