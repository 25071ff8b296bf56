public import SparrowCore

/// How far a sparse head goes below its best exact logits for candidates that its sketch may have
/// missed.
public struct VocabularyRecall: Sendable, Equatable {
  /// The exact logit that counts as the frontier: 1 for the best, k for the k-th best.
  public var rank: Int
  /// Deviations below the frontier down to which scores are candidates.
  public var doubt: Float

  public init(rank: Int, doubt: Float) {
    self.rank = rank
    self.doubt = doubt
  }

  /// The frontier is the best logit: what greedy decoding needs.
  public static func greedy(_ plan: VocabularyPlan) -> VocabularyRecall {
    VocabularyRecall(rank: 1, doubt: plan.doubt)
  }

  /// Less doubt than this keeps its promise only on text like that of calibration: at k' alone,
  /// 0.994 there was 0.971 on WikiText-2, where 2.5 deviations gave 0.995.
  public static let leastDoubt: Float = 2.5

  /// The smallest doubt from `leastDoubt` on whose recall of the top k, as calibration measured it,
  /// reaches `target`.
  ///
  /// nil when only the dense head reaches it. Throws `.argument` for a target outside 0...1.
  public static func reaching(
    _ target: Float, _ plan: VocabularyPlan
  ) throws(SparrowError) -> VocabularyRecall? {
    guard (0...1).contains(target) else {
      throw SparrowError(
        .argument, field: "head recall", found: "\(target)", expected: "a number from 0 to 1")
    }
    guard target < 1,
      let point = plan.recalls.first(where: { $0.doubt >= leastDoubt && $0.recall >= target })
    else {
      return nil
    }
    return VocabularyRecall(rank: plan.kept, doubt: point.doubt)
  }
}
