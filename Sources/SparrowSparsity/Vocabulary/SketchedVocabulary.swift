public import SparrowCore
internal import SparrowTransformer

/// A sparse vocabulary head: how candidates are found, in what, and how many are enough.
public struct SketchedVocabulary: Sendable, Equatable {
  public var plan: VocabularyPlan
  public var sketch: RowSketch
  /// How far below its best exact logits it looks for others; an adapter's file does not say.
  public var recall: VocabularyRecall

  /// As greedy decoding needs it where `recall` is nil.
  public init(plan: VocabularyPlan, sketch: RowSketch, recall: VocabularyRecall? = nil) {
    self.plan = plan
    self.sketch = sketch
    self.recall = recall ?? .greedy(plan)
  }

  /// The head that finds this part of the top k logits, by its calibration; nil when only the dense
  /// one does.
  ///
  /// Throws `.argument` for a target outside 0...1.
  public func reaching(_ target: Float) throws(SparrowError) -> SketchedVocabulary? {
    try VocabularyRecall.reaching(target, plan).map { recall in
      SketchedVocabulary(plan: plan, sketch: sketch, recall: recall)
    }
  }

  /// Throws `.mismatch`, naming `file`, unless the sketch is of the model's vocabulary head.
  func check(_ model: ModelConfiguration, file: String) throws(SparrowError) {
    guard sketch.rowCount == model.vocabulary, sketch.hidden == model.embeddingWidth else {
      throw SparrowError(
        .mismatch, file: file, field: "head",
        found: "a sketch of \(sketch.rowCount) x \(sketch.hidden)",
        expected: "\(model.vocabulary) x \(model.embeddingWidth)")
    }
  }
}

extension StepProgram {
  /// The program with its dense head replaced by sketch, candidates and exact logits.
  func withSparseHead() -> StepProgram {
    var result = self
    result.operations = operations.flatMap { operation in
      guard case .head(let input) = operation.kind else { return [operation] }
      return [
        Operation(.sketch(input: input)), Operation(.candidates), Operation(.exact(input: input)),
      ]
    }
    return result
  }
}
