public import SparrowCore

/// A sparse model's answers to tasks beside its dense self's.
public struct TaskComparison: Sendable, Equatable {
  /// Multiple choice by log-probability.
  public private(set) var choice = TaskFigure()
  /// Multiple choice by log-probability over the choice's bytes.
  public private(set) var choiceByByte = TaskFigure()
  /// Generations that equal one of the answers, white space around them aside.
  public private(set) var exactMatch = TaskFigure()

  /// Counts the answers of both, `[items]`.
  public init(_ items: [TaskItem], dense: [TaskAnswer], sparse: [TaskAnswer]) {
    precondition(items.count == dense.count && items.count == sparse.count, "an answer each")
    for (item, answers) in zip(items, zip(dense, sparse)) {
      switch (item.question, answers.0, answers.1) {
      case (
        .choice(_, let right), .choice(let dense, let denseByByte), .choice(let own, let byByte)
      ):
        choice.add(dense: dense, sparse: own, equal: ==) { $0 == right }
        choiceByByte.add(dense: denseByByte, sparse: byByte, equal: ==) { $0 == right }
      case (.generation(let right, _), .text(let dense), .text(let sparse)):
        // Bytes, since characters that look alike are not an exact match.
        let accepted = right.map { Array(TaskAnswer.trimmed($0).utf8) }
        exactMatch.add(dense: Array(dense.utf8), sparse: Array(sparse.utf8), equal: ==) {
          accepted.contains($0)
        }
      default: preconditionFailure("an answer of another kind than its task")
      }
    }
  }

  public var json: JSON {
    [
      "choice": choice.json, "choice_by_byte": choiceByByte.json, "exact_match": exactMatch.json,
    ]
  }
}
