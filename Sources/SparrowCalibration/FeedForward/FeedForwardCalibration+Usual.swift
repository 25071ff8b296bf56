internal import SparrowSparsity
internal import SparrowTransformer

extension FeedForwardCalibration.Options {
  /// The same with what was measured to serve best, where nothing was chosen: what stands for
  /// neurons that are not selected, and how sketches keep rows.
  ///
  /// Where a perplexity is to be kept, estimates cost less than leaving neurons out, in 5 bits a
  /// quarter of the error of 4, and least by a sketch of down; not in networks whose neurons are
  /// mostly zero (`firesRarely`). What neurons are only chosen by needs 4 bits, HiRE's (arXiv
  /// 2402.09360, section 3.1); the rest is from `docs/benchmarks.md`.
  func settled(firesRarely: Bool) -> Self {
    var settled = self
    if rest == nil, method == .sketch, coding?.keepsColumns ?? true, !firesRarely, !lookahead,
      groupSize == 1, case .target(.perplexity) = layers
    {
      settled.rest = .sketch
    }
    settled.rest = settled.keptRest
    settled.coding = coding ?? (settled.rest == .nothing ? .int4 : .int5)
    return settled
  }

  func settled(for model: ModelConfiguration) -> Self {
    settled(firesRarely: model.layers.contains { $0.feedForward.activation.isSparse })
  }
}
