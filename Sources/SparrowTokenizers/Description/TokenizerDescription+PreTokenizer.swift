internal import SparrowCore

extension TokenizerDescription {
  /// Reads the steps of a pre-tokeniser. Throws `.unsupported`, by name, for those that Sparrow
  /// does not know, and for vocabularies neither of bytes nor of marked spaces.
  mutating func readPreTokenizer(_ json: JSON?) throws(SparrowError) {
    let list = Self.steps(json, "pretokenizers")
    var hasBytes = false
    for (index, step) in list.enumerated() {
      if step["type"]?.string == "ByteLevel", spacing == .bytes, !hasBytes {
        hasBytes = true
        try readByteLevel(step, isFirst: index == 0)
      } else {
        try readStep(step, readsAlphabet: hasBytes)
      }
    }
    guard spacing == .marked || hasBytes else {
      throw error(
        .unsupported, "pre_tokenizer", "a vocabulary neither of bytes nor of marked spaces",
        expected: "ByteLevel, Metaspace, or a normaliser that writes U+2581")
    }
    useFastRule()
  }

  private mutating func readByteLevel(_ step: JSON, isFirst: Bool) throws(SparrowError) {
    if step["add_prefix_space"]?.bool ?? true, step["add_prefix_space"] != nil {
      guard isFirst else {
        throw error(.unsupported, "pre_tokenizer", "ByteLevel that puts spaces before pieces")
      }
      spacePrefix = .unlessSpaced
    }
    if step["use_regex"]?.bool ?? true {
      steps.append(SplitStep(.words(.gpt2(singleDigits: false))))
    }
  }

  private mutating func readStep(_ step: JSON, readsAlphabet: Bool) throws(SparrowError) {
    let type = step["type"]?.string ?? "without a type"
    var split: SplitStep
    switch type {
    case "Split":
      let pattern = step["pattern"]
      // Spaces have become marks: nothing is found.
      if spacing == .marked, pattern?["String"]?.string == " " { return }
      let rule = try rule(pattern, "pre_tokenizer")
      if spacing == .marked, case .expression(let expression) = rule, seesSpaces(expression) {
        throw error(
          .unsupported, "pre_tokenizer", "a split at '\(expression.source)' between marked spaces")
      }
      split = SplitStep(rule)
      split.isInverted = step["invert"]?.bool ?? false
      try setBehavior(step, of: &split)
    case "Digits": split = SplitStep(.digits(single: step["individual_digits"]?.bool ?? false))
    case "Punctuation":
      split = SplitStep(.punctuation)
      try setBehavior(step, of: &split)
    case "WhitespaceSplit" where spacing == .bytes:
      split = SplitStep(.space)
      split.behavior = .removed
    case "Whitespace" where spacing == .bytes:
      split = SplitStep(.expression(try TextExpression("\\w+|[^\\w\\s]+", file: file)))
      split.behavior = .removed
      split.isInverted = true
    case "CharDelimiterSplit" where spacing == .bytes:
      split = SplitStep(.literal(Array((step["delimiter"]?.string ?? " ").utf8)))
      split.behavior = .removed
    case "Metaspace" where step["replacement"]?.string == "\u{2581}" && steps.isEmpty:
      return readMetaspace(step)
    default:
      throw error(
        .unsupported, "pre_tokenizer", "pre-tokeniser '\(type)'",
        expected: "ByteLevel, Split, Digits, Punctuation, Whitespace, WhitespaceSplit, "
          + "CharDelimiterSplit or Metaspace")
    }
    split.readsAlphabet = readsAlphabet
    steps.append(split)
  }

  private func setBehavior(_ step: JSON, of split: inout SplitStep) throws(SparrowError) {
    guard let name = step["behavior"]?.string else { return }
    guard let behavior = SplitStep.Behavior(rawValue: name) else {
      throw error(.malformed, "pre_tokenizer", "the behavior '\(name)'")
    }
    split.behavior = behavior
  }

  /// Whether an expression may tell a space from U+2581.
  private func seesSpaces(_ expression: TextExpression) -> Bool {
    let marks = [
      " ", "\u{2581}", "\\s", "\\S", "\\w", "\\W", "\\p", "\\P", "\\b", "\\B", "\\x", "\\u",
    ]
    return marks.contains { expression.source.utf8.contains($0.utf8) }
  }

  private mutating func readMetaspace(_ step: JSON) {
    spacing = .marked
    if step["split"]?.bool ?? true { splitting = .spaces }
    let adds = step["add_prefix_space"]?.bool ?? true
    switch step["prepend_scheme"]?.string ?? (adds ? "always" : "never") {
    case "always": spacePrefix = .unlessSpaced
    case "first": spacePrefix = .firstUnlessSpaced
    default: spacePrefix = .none
    }
    dropsFirstSpace = spacePrefix != .none
  }

  /// Takes a hand-written rule for steps that mean the same.
  private mutating func useFastRule() {
    guard spacing == .bytes else {
      // Spaces are cut before the other steps.
      if !steps.isEmpty { steps.insert(SplitStep(.words(splitting)), at: 0) }
      return
    }
    let gpt2 = SplitStep(.words(.gpt2(singleDigits: false)))
    if steps == [gpt2] {
      splitting = .gpt2(singleDigits: false)
    } else if steps == [SplitStep(.digits(single: true)), gpt2] {
      splitting = .gpt2(singleDigits: true)
    } else if steps.count == 1, case .expression(let expression) = steps[0].rule,
      steps == [SplitStep(.expression(expression))],
      let rule = Splitting(expression: expression.source)
    {
      splitting = rule
    } else if !steps.isEmpty {
      return
    }
    steps = []
  }
}
