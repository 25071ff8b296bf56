import SparrowCore
public import SparrowMeasure

/// How often a model and its dense self are right, over the same tasks.
public struct TaskFigure: Sendable, Equatable {
  /// Part of the tasks answered rightly.
  public var dense = SampleMean()
  public var sparse = SampleMean()
  /// Sparse less dense, task by task.
  public var difference = SampleMean()
  /// Part of the tasks with the same answer, right or wrong.
  public var same = SampleMean()

  mutating func add<Answer>(
    dense denseAnswer: Answer, sparse sparseAnswer: Answer, equal: (Answer, Answer) -> Bool,
    isRight: (Answer) -> Bool
  ) {
    let scores = [denseAnswer, sparseAnswer].map { isRight($0) ? 1.0 : 0 }
    dense.add(scores[0])
    sparse.add(scores[1])
    difference.add(scores[1] - scores[0])
    same.add(equal(denseAnswer, sparseAnswer) ? 1 : 0)
  }

  /// nil without tasks of the kind.
  var json: JSON {
    guard dense.count > 0 else { return .null }
    return [
      "tasks": .integer(dense.count), "dense": dense.json, "sparse": sparse.json,
      "difference": difference.json, "same_share": same.json,
    ]
  }
}
