internal import SparrowCore

extension TokenizerDescription {
  /// Reads the normaliser, the pre-tokeniser and the decoder.
  mutating func readPipeline(_ json: JSON) throws(SparrowError) {
    try readNormalizer(json["normalizer"])
    let steps = Self.steps(json["pre_tokenizer"], "pretokenizers")
    for step in steps { try readPreTokenizer(step) }
    guard spacing == .marked || steps.last?["type"]?.string == "ByteLevel" else {
      throw error(
        .unsupported, "pre_tokenizer", "a vocabulary neither of bytes nor of marked spaces",
        expected: "ByteLevel at the end, Metaspace, or a normaliser that writes U+2581")
    }
    for step in Self.steps(json["decoder"], "decoders") { readDecoder(step) }
  }

  /// The steps of a sequence, or the one step; none for null.
  static func steps(_ json: JSON?, _ name: String) -> [JSON] {
    guard let json, !json.isNull else { return [] }
    guard json["type"]?.string == "Sequence" else { return [json] }
    return (json[name]?.array ?? []).flatMap { steps($0, name) }
  }

  private mutating func readNormalizer(_ json: JSON?) throws(SparrowError) {
    for step in Self.steps(json, "normalizers") {
      switch step["type"]?.string {
      case "NFC": composes = true
      case "Prepend" where step["prepend"]?.string == "\u{2581}": spacePrefix = .always
      case "Replace"
      where step["pattern"]?["String"]?.string == " " && step["content"]?.string == "\u{2581}":
        spacing = .marked
      case let name:
        throw error(
          .unsupported, "normalizer", "normaliser '\(name ?? "without a type")'",
          expected: "NFC, or Prepend and Replace of U+2581")
      }
    }
  }

  private mutating func readPreTokenizer(_ step: JSON) throws(SparrowError) {
    let type = step["type"]?.string ?? "without a type"
    switch type {
    case "ByteLevel" where spacing == .bytes && step["add_prefix_space"]?.bool != true:
      guard step["use_regex"]?.bool ?? true else { return }
      if case .llama3 = splitting {
        throw error(.unsupported, "pre_tokenizer", "ByteLevel that splits again")
      }
      splitting = .gpt2(singleDigits: splitting == .gpt2(singleDigits: true))
    case "Digits"
    where spacing == .bytes && splitting == .unspanned && step["individual_digits"]?.bool == true:
      splitting = .gpt2(singleDigits: true)
    case "Split":
      if spacing == .marked, step["pattern"]?["String"]?.string == " " { return }
      let expression = step["pattern"]?["Regex"]?.string ?? ""
      guard spacing == .bytes, splitting == .unspanned, step["behavior"]?.string == "Isolated",
        step["invert"]?.bool != true, let rule = Splitting(expression: expression)
      else {
        throw error(.unsupported, "pre_tokenizer", "a split at '\(expression)'")
      }
      splitting = rule
    case "Metaspace" where step["replacement"]?.string == "\u{2581}":
      spacing = .marked
      splitting = step["split"]?.bool ?? true ? .spaces : .unspanned
      let adds = step["add_prefix_space"]?.bool ?? true
      switch step["prepend_scheme"]?.string ?? (adds ? "always" : "never") {
      case "always": spacePrefix = .unlessSpaced
      case "first": spacePrefix = .firstUnlessSpaced
      default: spacePrefix = .none
      }
      dropsFirstSpace = spacePrefix != .none
    default:
      throw error(
        .unsupported, "pre_tokenizer", "pre-tokeniser '\(type)'",
        expected: "ByteLevel without a prefix space, Digits, Split or Metaspace")
    }
  }

  private mutating func readDecoder(_ step: JSON) {
    if step["type"]?.string == "Strip", step["content"]?.string == " ",
      step["start"]?.int ?? 0 > 0
    {
      dropsFirstSpace = true
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
