import SparrowCore
public import SparrowMeasure

/// How well a model and its dense self answer, over the same tasks.
public struct TaskFigure: Sendable, Equatable {
  /// The score of a task: 1 where it is answered rightly, else 0, or what a measure of texts gives.
  public var dense = SampleMean()
  public var sparse = SampleMean()
  /// Sparse less dense, task by task.
  public var difference = SampleMean()
  /// Part of the tasks with the same answer, right or wrong.
  public var same = SampleMean()
  /// The score of the model that training began with, and the sparse model's less that; without
  /// tasks where none was asked.
  public var baseline = SampleMean()
  public var differenceToBaseline = SampleMean()

  /// Counts a task by its answers.
  mutating func add<Answer>(
    _ answers: TaskComparison.Sides<Answer>, equal: (Answer, Answer) -> Bool,
    score: (Answer) -> Double
  ) {
    let own = score(answers.sparse)
    let other = score(answers.dense)
    dense.add(other)
    sparse.add(own)
    difference.add(own - other)
    same.add(equal(answers.dense, answers.sparse) ? 1 : 0)
    guard let answer = answers.baseline else { return }
    let begun = score(answer)
    baseline.add(begun)
    differenceToBaseline.add(own - begun)
  }

  /// nil without tasks of the kind.
  var json: JSON {
    guard dense.count > 0 else { return .null }
    return [
      "tasks": .integer(dense.count), "dense": dense.json, "sparse": sparse.json,
      "difference": difference.json, "same_share": same.json,
      "baseline": baseline.count > 0
        ? ["score": baseline.json, "difference": differenceToBaseline.json] : .null,
    ]
  }
}
