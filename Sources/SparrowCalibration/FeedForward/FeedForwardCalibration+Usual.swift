public import SparrowSparsity

extension FeedForwardCalibration.Options {
  /// Sets what stands for neurons that are not selected and how sketches keep rows; nil leaves it to what was measured
  /// to serve best.
  ///
  /// Where a perplexity is to be kept, estimates cost less than leaving neurons out, in 5 bits a quarter of the error of
  /// 4, and least by a sketch of down; not in networks whose neurons are mostly zero (`firesRarely`). `target` is nil where
  /// there is none to choose densities for. What neurons are only chosen by needs 4 bits, HiRE's (arXiv 2402.09360,
  /// section 3.1); the rest is from `docs/measurements.md`. Costs nothing and throws nothing: `validate` says what does not
  /// fit.
  public mutating func choose(
    rest: FeedForwardCalibration.Rest?, coding: SketchCoding?, firesRarely: Bool,
    target: PlanTarget?
  ) {
    self.rest = rest ?? .nothing
    if rest == nil, method == .sketch, coding?.keepsColumns ?? true, !firesRarely, !lookahead,
      groupSize == 1, case .perplexity = target
    {
      self.rest = .sketch
    }
    self.coding = coding ?? (self.rest == .nothing ? .int4 : .int5)
  }
}
