public import SparrowCore
public import SparrowTransformer

extension AttentionPlan {
  /// Throws `.malformed`, naming `file` and the field, unless every part fits an attention of this
  /// description and `hidden` inputs, and `.unsupported` for one whose heads need each other.
  public func validate(
    file: String, name: String, attention: AttentionDescription, hidden: Int
  ) throws(SparrowError) {
    try validateParts(file: file, name: name)
    if let reason = attention.needsAllHeads {
      throw SparrowError(
        .unsupported, file: file, field: name, found: reason,
        expected: "heads that can be left out one by one")
    }
    try maps?.validate(
      file: file, name: name, groups: attention.keyValueHeads, hidden: hidden)
  }

  /// Throws `.malformed` unless the parts fit each other, whatever the attention.
  func validateParts(file: String, name: String) throws(SparrowError) {
    try validateShared(PlanCheck(file: file, name: name))
  }
}
