internal import SparrowCore

extension TokenizerDescription {
  /// Reads the steps of a normaliser. Throws `.unsupported`, by name, for those that Sparrow does
  /// not know.
  mutating func readNormalizer(_ json: JSON?) throws(SparrowError) {
    for step in Self.steps(json, "normalizers") {
      guard spacing == .bytes || step["type"]?.string == "Prepend" else {
        throw error(
          .unsupported, "normalizer", "a step after spaces have become U+2581",
          expected: "that step last")
      }
      try readNormalizerStep(step)
    }
  }

  private mutating func readNormalizerStep(_ step: JSON) throws(SparrowError) {
    switch step["type"]?.string {
    case "NFC": normalization.append(.compose)
    case "NFD": normalization.append(.decompose)
    case "Lowercase": normalization.append(.lowercase)
    case "StripAccents": normalization.append(.stripAccents)
    case "Strip":
      normalization.append(
        .strip(
          start: step["strip_left"]?.bool ?? true, end: step["strip_right"]?.bool ?? true))
    case "Prepend":
      let text = step["prepend"]?.string ?? ""
      if text.utf8.elementsEqual("\u{2581}".utf8) {
        spacePrefix = .always
      } else {
        normalization.append(.prepend(Array(text.utf8)))
      }
    case "Replace":
      let content = step["content"]?.string ?? ""
      if step["pattern"]?["String"]?.string == " ", content == "\u{2581}" {
        spacing = .marked
        normalizesSpaces = true
      } else {
        normalization.append(
          .replace(try rule(step["pattern"], "normalizer"), by: Array(content.utf8)))
      }
    case let name:
      throw error(
        .unsupported, "normalizer", "normaliser '\(name ?? "without a type")'",
        expected: "NFC, NFD, Lowercase, Strip, StripAccents, Replace or Prepend")
    }
  }

  /// A pattern: a text or an expression.
  func rule(_ pattern: JSON?, _ field: String) throws(SparrowError) -> SplitStep.Rule {
    if let text = pattern?["String"]?.string, !text.isEmpty { return .literal(Array(text.utf8)) }
    guard let source = pattern?["Regex"]?.string else {
      throw error(.malformed, field, "no pattern", expected: "a String or a Regex")
    }
    return .expression(try TextExpression(source, file: file))
  }
}
