public import SparrowCore
public import SparrowTransformer

/// What an adapter changes in the weights of its base model when it is loaded.
public struct WeightUpdates: Sendable, Equatable {
  /// What is added to matrices.
  public var matrices: [WeightRole: LowRankUpdate]
  /// Norm weights and biases in place of the base model's, as its checkpoint would hold them.
  public var vectors: [WeightRole: [Float]]

  public init(
    matrices: [WeightRole: LowRankUpdate] = [:], vectors: [WeightRole: [Float]] = [:]
  ) {
    self.matrices = matrices
    self.vectors = vectors
  }

  public var isEmpty: Bool { matrices.isEmpty && vectors.isEmpty }

  /// Throws `.mismatch`, naming `file`, unless the model has a matrix or vector of each one's size.
  public func check(_ binding: WeightBinding, file: String) throws(SparrowError) {
    for (role, update) in matrices {
      let name = Self.matrixName(role)
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
    for (role, values) in vectors {
      let name = Self.vectorName(role)
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

  // Errors and tensors of adapters name them so.
  static func matrixName(_ role: WeightRole) -> String { "updates." + tensorName(role) }
  static func vectorName(_ role: WeightRole) -> String { "vectors." + tensorName(role) }

  private static func tensorName(_ role: WeightRole) -> String {
    (role.layer.map { "layers.\($0)." } ?? "") + role.kind.rawValue
  }
}
