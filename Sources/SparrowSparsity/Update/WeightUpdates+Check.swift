public import SparrowCore
public import SparrowTransformer

extension [WeightRole: LowRankUpdate] {
  /// Throws `.mismatch`, naming `file`, unless the model has a matrix of each update's size.
  public func check(_ binding: WeightBinding, file: String) throws(SparrowError) {
    for (role, update) in self {
      let name = Adapter.updateName(role)
      guard let source = binding[role], binding.isMatrix(role) else {
        throw SparrowError(
          .mismatch, file: file, field: name, found: "an update of the \(role)",
          expected: "a matrix that the model has")
      }
      func require(_ found: Int, _ expected: Int, _ part: String) throws(SparrowError) {
        guard found == expected else {
          throw SparrowError(
            .mismatch, file: file, field: name + part, found: "\(found)", expected: "\(expected)")
        }
      }
      try require(update.a.columns, source.columns, ".a columns")
      try require(update.b.rows, source.rows.count, ".b rows")
    }
  }
}

extension [WeightRole: [Float]] {
  /// Throws `.mismatch`, naming `file`, unless the model has a vector of each one's size.
  public func check(_ binding: WeightBinding, file: String) throws(SparrowError) {
    for (role, values) in self {
      let name = Adapter.vectorName(role)
      guard let source = binding[role], !binding.isMatrix(role) else {
        throw SparrowError(
          .mismatch, file: file, field: name, found: "a vector for the \(role)",
          expected: "a norm weight or bias that the model has")
      }
      guard values.count == source.rows.count else {
        throw SparrowError(
          .mismatch, file: file, field: name, found: "\(values.count) numbers",
          expected: "\(source.rows.count)")
      }
    }
  }
}
