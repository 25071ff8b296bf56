public import SparrowCore
public import SparrowTransformer

extension AttentionPlan {
  /// Throws `.malformed`, naming `file` and the field, unless every part fits an attention of this
  /// description and `hidden` inputs.
  public func validate(
    file: String, name: String, attention: AttentionDescription, hidden: Int
  ) throws(SparrowError) {
    try validateParts(file: file, name: name)
    try maps?.validate(
      file: file, name: name, groups: attention.keyValueHeads, hidden: hidden)
  }

  /// Throws `.malformed` unless the parts fit each other, whatever the attention.
  func validateParts(file: String, name: String) throws(SparrowError) {
    try validateShared(PlanCheck(file: file, name: name))
  }
}
