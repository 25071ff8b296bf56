/// The rule by which HiRE-Softmax finds the rows of a vocabulary head (arXiv 2402.09360, section
/// 3.2), for every backend alike.
///
/// Two passes at most: the candidates are the k' best scores, then every row whose score comes
/// within `doubt` deviations of the frontier of exact logits; more rows than that pays for end in
/// the dense head.
package struct VocabularySearch: BitwiseCopyable {
  /// k': rows of the first pass.
  package let wanted: Int
  /// Candidates that the second pass takes before the dense head is cheaper.
  package let capacity: Int
  /// The exact logit that is the frontier, 1 for the best.
  package let rank: Int
  private let doubt: Float
  private let deviation: Float
  private let hidden: Float

  package init(_ head: SketchedVocabulary) {
    let rows = head.sketch.rowCount
    wanted = min(head.plan.candidates, rows)
    capacity = min(rows, max(2 * head.plan.candidates, rows / 8))
    rank = head.recall.rank
    doubt = head.recall.doubt
    deviation = head.sketch.deviation
    hidden = Float(head.sketch.hidden)
  }

  /// The score down to which rows may still matter. `meanDot` is what the scores lack of logits,
  /// `energy` |x|² of the input in the sketch's directions.
  package func floor(frontier: Float, meanDot: Float, energy: Float) -> Float {
    let spread = deviation * (energy / hidden).squareRoot()
    return frontier - meanDot - doubt * spread
  }
}
