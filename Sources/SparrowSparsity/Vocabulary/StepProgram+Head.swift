internal import SparrowTransformer

extension StepProgram {
  /// The program with its dense head replaced by sketch, candidates and exact logits.
  func withSparseHead() -> StepProgram {
    var result = self
    result.operations = operations.flatMap { operation in
      guard case .head(let input) = operation.kind else { return [operation] }
      return [
        Operation(.sketch(input: input)), Operation(.candidates), Operation(.exact(input: input)),
      ]
    }
    return result
  }
}
