internal import SparrowCore

extension HuggingFaceTokenizer {
  private static let mark: JSON = "\u{2581}"

  var normalizer: JSON {
    switch description.spacing {
    case .bytes: return description.originComposes ? ["type": "NFC"] : .null
    case .marked:
      let replace: JSON = [
        "type": "Replace", "pattern": ["String": " "], "content": Self.mark,
      ]
      guard description.spacePrefix == .always else { return replace }
      return [
        "type": "Sequence",
        "normalizers": [["type": "Prepend", "prepend": Self.mark], replace],
      ]
    }
  }

  var preTokenizer: JSON {
    func byteLevel(splits: Bool) -> JSON {
      [
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": .bool(splits),
      ]
    }
    func sequence(_ first: JSON, _ second: JSON) -> JSON {
      ["type": "Sequence", "pretokenizers": [first, second]]
    }
    func split(_ expression: String) -> JSON {
      [
        "type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated",
        "invert": false,
      ]
    }
    guard description.steps.isEmpty else {
      let steps = description.steps.compactMap { step in
        if case .expression(let expression) = step.rule { split(expression.source) } else { nil }
      }
      let last = description.spacing == .bytes ? [byteLevel(splits: false)] : []
      return ["type": "Sequence", "pretokenizers": .array(steps + last)]
    }
    switch description.splitting {
    case .unspanned, .spaces: return .null
    case .gpt2(singleDigits: false): return byteLevel(splits: true)
    case .gpt2(singleDigits: true):
      return sequence(["type": "Digits", "individual_digits": true], byteLevel(splits: true))
    case .llama3(let digits, let marks):
      return sequence(
        split(Splitting.expression(digits: digits, marks: marks)), byteLevel(splits: false))
    }
  }

  /// The tokens that go around a text.
  var postProcessor: JSON {
    let bos = description.addsBOS ? description.bos : nil
    let eos = description.addsEOS ? description.eos : nil
    guard bos != nil || eos != nil else {
      guard description.spacing == .bytes else { return .null }
      return [
        "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true,
      ]
    }
    func around(_ name: String, _ type: Int) -> [JSON] {
      func special(_ id: Int32?) -> [JSON] {
        id.map { [["SpecialToken": ["id": text($0), "type_id": .integer(type)]]] } ?? []
      }
      let sequence: JSON = ["Sequence": ["id": .string(name), "type_id": .integer(type)]]
      return special(bos) + [sequence] + special(eos)
    }
    let tokens = Set([bos, eos].compactMap(\.self)).sorted().map { id in
      (
        key: texts[Int(id)],
        value: ["id": text(id), "ids": [.integer(Int(id))], "tokens": [text(id)]] as JSON
      )
    }
    return [
      "type": "TemplateProcessing", "single": .array(around("A", 0)),
      "pair": .array(around("A", 0) + around("B", 1)), "special_tokens": .object(tokens),
    ]
  }

  var decoder: JSON {
    guard description.spacing == .marked else {
      return [
        "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
      ]
    }
    var steps: [JSON] = [
      ["type": "Replace", "pattern": ["String": Self.mark], "content": " "],
      ["type": "ByteFallback"], ["type": "Fuse"],
    ]
    if description.dropsFirstSpace {
      steps.append(["type": "Strip", "content": " ", "start": 1, "stop": 0])
    }
    return ["type": "Sequence", "decoders": .array(steps)]
  }
}
