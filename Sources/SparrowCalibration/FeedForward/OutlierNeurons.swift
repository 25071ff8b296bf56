/// Neurons that some token needs far more than tokens need any: massive activations (arXiv
/// 2402.17762), as at a text's first token, which the attention of all others leans on.
///
/// A predictor that tells whether neurons fire, not how strongly, misses one of them now and then,
/// and with it the whole text after. They are few, so every token gets them: HiRE's common path
/// (arXiv 2402.09360, eq 7).
enum OutlierNeurons {
  /// Times the median neuron's.
  private static let factor: Float = 10
  /// The least neurons of a network for one outlier.
  private static let spread = 64

  /// Their numbers, ascending; `greatest` `[neurons]` are the greatest |activation| over all tokens
  /// of a text, `lengths` `[neurons]` those of down's columns.
  static func find(greatest: [Float], lengths: [Float]) -> [Int32] {
    let sizes = zip(greatest, lengths).map { $0 * $1 }
    guard !sizes.isEmpty else { return [] }
    let median = sizes.sorted()[sizes.count / 2]
    guard median > 0 else { return [] }
    return sizes.indices.filter { sizes[$0] > factor * median }
      .sorted { sizes[$0] > sizes[$1] }.prefix(sizes.count / spread).sorted().map(Int32.init)
  }
}
