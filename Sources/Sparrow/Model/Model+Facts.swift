import SparrowCPU
package import SparrowCore
package import SparrowSparsity

extension Model {
  /// Bytes of weights that decoding one token reads.
  public var bytesPerToken: Int { engine.bytesPerToken }

  /// Elements of each cached position that decoding one token reads.
  package var cacheElementsRead: Int { engine.cacheElementsRead }

  /// True when an adapter made some part of the model sparse.
  public var isSparse: Bool {
    headPlan != nil || hasSparseLayers
  }

  /// True when an adapter made more than the head sparse.
  package var hasSparseLayers: Bool {
    !layerPlans.isEmpty || !attentionPlans.isEmpty || !inputPlans.isEmpty
  }

  /// Makes these feed-forward networks sparse in place of those that were: how plans are tried out. Not for use
  /// while other threads generate.
  package func install(_ plans: [Int: FeedForwardPlan]) throws(SparrowError) {
    try plans.check(configuration, file: path)
    layerPlans = plans
    engine.install(plans)
  }

  /// The same for the head; nil makes it dense.
  package func install(
    head: (plan: HeadPlan, sketch: RowSketch)?
  ) throws(SparrowError) {
    try engine.install(head: head.map { ($0.plan, $0.sketch, .greedy($0.plan)) })
    headPlan = head?.plan
  }

  /// The same for attention.
  package func install(attention plans: [Int: AttentionPlan]) throws(SparrowError) {
    try plans.check(configuration, file: path)
    attentionPlans = plans
    engine.install(attention: plans)
  }

  /// Runs `body` with the dense program over the same weights. Not for use while other threads generate.
  package func runningDense<T, E>(_ body: () throws(E) -> T) throws(E) -> T {
    engine.runsDense = true
    defer { engine.runsDense = false }
    return try body()
  }
}
