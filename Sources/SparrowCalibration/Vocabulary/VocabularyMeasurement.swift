public import Sparrow
internal import SparrowEngine
internal import SparrowTransformer

/// How well a sketch foresees the greatest logits, measured on hidden states that it was not fitted
/// on.
public struct VocabularyMeasurement: Sendable, Equatable {
  /// Hidden states measured.
  public var positions: Int
  /// k: the exact logits that recall counts.
  public var kept: Int
  /// Standard deviation of logit - score among the best scores, at |x|² = hidden.
  public var deviation: Float
  /// What the first pass finds, by its number of candidates.
  public var byCandidates: [Candidates]
  /// What both passes find from the plan's candidates, by doubt.
  public var byDoubt: [Doubt]

  /// What the first pass finds.
  public struct Candidates: Sendable, Equatable {
    /// k'
    public var candidates: Int
    /// Share of the k greatest logits among the k' best scores.
    public var recall: Float
    /// Share of positions whose greatest logit is among the k' best scores.
    public var greedy: Float
  }

  /// What the second pass adds.
  public struct Doubt: Sendable, Equatable {
    /// Deviations below the k-th best exact logit.
    public var doubt: Float
    /// Share of the k greatest logits whose rows are computed.
    public var recall: Float
    /// Rows computed, on average; not counted beyond `rowLimit`.
    public var rows: Float
  }

  /// Best scores that are kept for counting.
  public static let rowLimit = 4096
  static let candidateCounts = [64, 128, 256, 512, 1024]
  static let doubts: [Float] = [0, 0.5, 1, 1.5, 2, 2.5, 3, 4]
}

extension Model {
  /// Bytes of weights that a dense vocabulary head reads for each token.
  public var headBytes: Int { backend.weights.byteCount(of: binding.headRole) ?? 0 }
}
