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
    let check = PlanCheck(file: file, name: name)
    try selector.validate(field: name + ".selector")
    if let density {
      try check.require((0...1).contains(density), "density", density, "0 to 1")
    }
    switch predictor {
    case .lowRank(let maps):
      try check.require(maps.a != nil, "a", "no matrix", "one of rank x hidden")
    case .router(let maps):
      try check.require(maps.a == nil, "a", "a matrix", "none for a router")
    case .exact:
      // What it computes is the layer's own result.
      try check.require(!lookahead, "lookahead", "true with exact", "low_rank or router")
    }
    try maps?.validate(file: file, name: name)
  }
}
