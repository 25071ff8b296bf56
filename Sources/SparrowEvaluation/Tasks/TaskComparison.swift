public import SparrowCore
public import SparrowMeasure

/// A sparse model's answers to tasks beside its dense self's, and a baseline's where one is given.
public struct TaskComparison: Sendable, Equatable {
  /// The answers to one task.
  struct Sides<Answer> {
    var dense: Answer
    var sparse: Answer
    var baseline: Answer?

    func map<Other>(_ change: (Answer) -> Other) -> Sides<Other> {
      Sides<Other>(dense: change(dense), sparse: change(sparse), baseline: baseline.map(change))
    }
  }

  /// Multiple choice by log-probability.
  public private(set) var choice = TaskFigure()
  /// Multiple choice by log-probability over the choice's bytes.
  public private(set) var choiceByByte = TaskFigure()
  /// Generations that equal one of the answers, white space around them aside.
  public private(set) var exactMatch = TaskFigure()
  /// Texts beside their references: ROUGE-L's F1, 0 to 1, and BLEU.
  public private(set) var rougeL = TaskFigure()
  public private(set) var bleu = BLEUFigure()

  /// Counts the answers of all, `[items]`.
  public init(
    _ items: [TaskItem], dense: [TaskAnswer], sparse: [TaskAnswer], baseline: [TaskAnswer]? = nil
  ) {
    precondition(
      [dense.count, sparse.count, baseline?.count ?? items.count].allSatisfy { $0 == items.count },
      "an answer each")
    for (index, item) in items.enumerated() {
      let answers = Sides(
        dense: dense[index], sparse: sparse[index], baseline: baseline.map { $0[index] })
      switch item.question {
      case .choice(_, let right):
        choice.add(answers.map(\.choices.plain), equal: ==) { $0 == right ? 1 : 0 }
        choiceByByte.add(answers.map(\.choices.byByte), equal: ==) { $0 == right ? 1 : 0 }
      case .generation(let right, _, let after):
        // Bytes, since characters that look alike are not an exact match.
        func compared(_ text: String) -> [UInt8] {
          Array(TaskAnswer.trimmed(after.map { text.behindLast($0) } ?? text).utf8)
        }
        let accepted = right.map(compared)
        exactMatch.add(answers.map { compared($0.written) }, equal: ==) {
          accepted.contains($0) ? 1 : 0
        }
      case .writing(let references, _):
        rougeL.add(answers.map(\.written), equal: { $0.utf8.elementsEqual($1.utf8) }) {
          ROUGE.l($0, references: references)
        }
        bleu.add(answers.map(\.written), references: references)
      }
    }
  }

  public var json: JSON {
    [
      "choice": choice.json, "choice_by_byte": choiceByByte.json, "exact_match": exactMatch.json,
      "rouge_l": rougeL.json, "bleu": bleu.json,
    ]
  }
}

extension String {
  /// What stands behind the last occurrence of a text that is not empty; all of it where there is
  /// none.
  fileprivate func behindLast(_ mark: String) -> String {
    let own = Array(utf8)
    let mark = Array(mark.utf8)
    for start in stride(from: own.count - mark.count, through: 0, by: -1)
    where own[start...].starts(with: mark) {
      return String(decoding: own[(start + mark.count)...], as: UTF8.self)
    }
    return self
  }
}
