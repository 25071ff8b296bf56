public import SparrowCore

/// How the vocabulary head uses its sketch (HiRE-Softmax, arXiv 2402.09360, section 3.2).
public struct VocabularyPlan: Sendable, Equatable {
  /// k': rows whose logits are computed exactly.
  public var candidates: Int
  /// k: exact logits that recall is measured on.
  public var kept: Int
  /// Rows with a score within this many deviations of the best exact logit are computed too.
  public var doubt: Float
  /// Recall of the top k on held-out text where the second pass goes `doubt` deviations below the
  /// k-th best exact logit, rising.
  public var recalls: [Point]
  /// Sequences decoded together for which the sketch was measured to pay. Told, not obeyed: a
  /// sequence's head does not depend on how many share its step.
  public var widestBatch: Int

  public struct Point: Sendable, Equatable {
    public var doubt: Float
    public var recall: Float

    public init(doubt: Float, recall: Float) {
      self.doubt = doubt
      self.recall = recall
    }
  }

  public init(
    candidates: Int = 256, kept: Int = 32, doubt: Float = 3, recalls: [Point] = [],
    widestBatch: Int = BatchLimit.none
  ) {
    self.candidates = candidates
    self.kept = kept
    self.doubt = doubt
    self.recalls = recalls
    self.widestBatch = widestBatch
  }

  /// Throws `.malformed`, naming `file` and the field, for counts or numbers outside their range.
  public func validate(file: String) throws(SparrowError) {
    func refuse(_ field: String, _ found: Any, _ expected: String) -> SparrowError {
      SparrowError(
        .malformed, file: file, field: "head." + field, found: "\(found)", expected: expected)
    }
    guard (1...65536).contains(kept) else { throw refuse("kept", kept, "1 to 65536") }
    guard (kept...65536).contains(candidates) else {
      throw refuse("candidates", candidates, "\(kept) to 65536")
    }
    guard BatchLimit.isValid(widestBatch) else {
      throw refuse("widest_batch", widestBatch, "1 to \(BatchLimit.range.upperBound)")
    }
    guard doubt.isFinite, doubt >= 0 else { throw refuse("doubt", doubt, "0 or more") }
    for point in recalls {
      guard point.doubt.isFinite, point.doubt >= 0, (0...1).contains(point.recall) else {
        throw refuse("recalls", point, "doubts of 0 or more, recalls of 0 to 1")
      }
    }
  }
}
