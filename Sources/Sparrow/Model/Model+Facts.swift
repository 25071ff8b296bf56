package import SparrowCore
import SparrowEngine
public import SparrowSparsity
public import SparrowTransformer

extension Model {
  /// Bytes of weights that decoding one token reads.
  public var bytesPerToken: Int { backend.bytesPerToken }

  /// The same of its dense program.
  package var denseBytesPerToken: Int { backend.denseBytesPerToken }

  /// Elements of each cached position that decoding one token reads.
  package var cacheElementsRead: Int {
    configuration.cacheElementsPerToken - backend.unreadCacheElements
  }

  /// What is sparse, by the adapter that the model was loaded with.
  public var plan: SparsePlan { backend.plan }

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
    backend.install(plan)
  }
}
