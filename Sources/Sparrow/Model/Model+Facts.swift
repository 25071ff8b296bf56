import SparrowCPU

extension Model {
  /// Bytes of weights that decoding one token reads.
  public var bytesPerToken: Int { engine.bytesPerToken }

  /// Elements of each cached position that decoding one token reads.
  package var cacheElementsRead: Int { engine.cacheElementsRead }

  /// True when an adapter made some part of the model sparse.
  public var isSparse: Bool { headPlan != nil || !layerPlans.isEmpty || !attentionPlans.isEmpty }

  /// Runs `body` with the dense program over the same weights. Not for use while other threads generate.
  package func runningDense<T, E>(_ body: () throws(E) -> T) throws(E) -> T {
    engine.runsDense = true
    defer { engine.runsDense = false }
    return try body()
  }
}
