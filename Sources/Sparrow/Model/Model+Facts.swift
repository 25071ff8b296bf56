import SparrowCPU
package import SparrowCore
public import SparrowSparsity
public import SparrowTransformer

extension Model {
  /// Bytes of weights that decoding one token reads.
  public var bytesPerToken: Int { engine.bytesPerToken }

  /// Elements of each cached position that decoding one token reads.
  package var cacheElementsRead: Int { engine.cacheElementsRead }

  /// What is sparse, by the adapter that the model was loaded with.
  public var plan: SparsePlan { engine.plan }

  /// What one step of this model computes, in order.
  public var program: StepProgram { plan.rewrite(StepProgram(configuration)) }

  /// True when an adapter made some part of the model sparse.
  public var isSparse: Bool { plan.isSparse }

  /// Makes the model sparse by another plan: how plans are tried out. Not for use while other
  /// threads generate.
  ///
  /// Throws what checking the plan throws; it costs a pass over the matrices that it reads by
  /// columns.
  package func install(_ plan: SparsePlan) throws(SparrowError) {
    try plan.check(configuration, file: path)
    engine.install(plan)
  }

  /// Runs `body` with the dense program over the same weights. Not for use while other threads generate.
  package func runningDense<T, E>(_ body: () throws(E) -> T) throws(E) -> T {
    engine.runsDense = true
    defer { engine.runsDense = false }
    return try body()
  }
}
