public import SparrowTransformer

extension SparsePlan {
  /// The dense program with everything sparse that the plan makes sparse.
  public func rewrite(_ program: StepProgram) -> StepProgram {
    var program = program.withSparseAttention(attention).withSparseFeedForward(networks)
      .withSparseInputs(inputs)
    if head != nil { program = program.withSparseHead() }
    return program
  }
}
