internal import SparrowCore

extension LayerPlan {
  /// What `adapter.json` says of the shared parts.
  var sharedMembers: [(String, JSON)] {
    var members: [(String, JSON)] = [
      ("predictor", .string(predictorName)), ("selector", selector.json),
    ]
    if lookahead { members.append(("lookahead", .bool(true))) }
    if let density { members.append(("density", .number(Double(density)))) }
    if let maps { members += maps.jsonMembers }
    return members
  }
}
