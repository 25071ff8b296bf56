import SparrowCore
import SparrowMeasure
import SparrowPlots
import Testing

@testable import SparrowEvaluation

@Suite struct TaskComparisonTests {
  /// White space before a choice is no byte of it, and the first of equals is chosen.
  @Test func choicesAreRankedWholeAndByByte() {
    func answer(_ values: [Double], _ choices: [String]) -> TaskAnswer {
      TaskAnswer(logProbabilities: values, choices: choices)
    }
    #expect(answer([-3, -4], [" ab", " abcd"]) == .choice(plain: 0, byByte: 1))
    #expect(answer([-2, -4], [" ab", " abcd"]) == .choice(plain: 0, byByte: 0))
    #expect(answer([-4, -3], ["éé", "abc"]) == .choice(plain: 1, byByte: 0))
    #expect(answer([.nan, -3], [" ", "b"]) == .choice(plain: 0, byByte: 0))
    #expect(TaskAnswer(text: "\n a b\t ") == .text("a b"))
  }

  @Test func bothAreCountedOverTheSameTasks() throws {
    let items = try TaskItem.parse(
      """
      {"prompt": "", "choices": ["a", "b"], "answer": 1}
      {"prompt": "", "choices": ["a", "b"], "answer": 0}
      {"prompt": "", "answers": [" Madrid\\n", "madrid"]}
      """, file: "t")
    let comparison = TaskComparison(
      items,
      dense: [.choice(plain: 1, byByte: 1), .choice(plain: 0, byByte: 1), .text("Madrid")],
      sparse: [.choice(plain: 1, byByte: 0), .choice(plain: 1, byByte: 1), .text("Paris")])
    let choice = comparison.choice
    #expect(choice.dense.mean == 1 && choice.sparse.mean == 0.5 && choice.same.mean == 0.5)
    #expect(choice.difference.mean == -0.5)
    let byByte = comparison.choiceByByte
    #expect(byByte.dense.mean == 0.5 && byByte.sparse.mean == 0 && byByte.same.mean == 0.5)
    #expect(comparison.exactMatch.dense.mean == 1 && comparison.exactMatch.sparse.mean == 0)
    #expect(comparison.exactMatch.same.mean == 0)
    #expect(comparison.json["choice"]?["tasks"]?.int == 2)

    var evaluation = Evaluation(model: "m", text: nil, task: "t")
    evaluation.runs = [.init(name: "a", tasks: comparison)]
    let rows = evaluation.table.rows
    #expect(
      rows.map(\.label) == [
        "right choice", "same choice", "right choice by byte", "same choice by byte",
        "exact match", "same text",
      ])
    #expect(rows[0].cells == ["100.00 ± 0.00%", "50.00 ± 50.00%"])
    #expect(rows[1].cells == ["", "50.00 ± 50.00%"])
    #expect(evaluation.page.contains("Tasks of t."))
  }

  @Test func aBaselineHasAColumnOfItsOwn() throws {
    let items = try TaskItem.parse(
      #"{"prompt": "", "choices": ["a", "b"], "answer": 1}"#, file: "t")
    let comparison = TaskComparison(
      items, dense: [.choice(plain: 1, byByte: 0)], sparse: [.choice(plain: 0, byByte: 0)],
      baseline: [.choice(plain: 1, byByte: 1)])
    #expect(comparison.choice.differenceToBaseline.mean == -1)
    let json = comparison.json["choice_by_byte"]?["baseline"]
    #expect(json?["score"]?["mean"]?.double == 1)
    var evaluation = Evaluation(model: "m", text: nil, task: "t", baseline: "o")
    evaluation.runs = [.init(name: "a", tasks: comparison)]
    #expect(evaluation.table.columns == ["baseline", "dense", "a"])
    let row = evaluation.table.rows.first { $0.label == "right choice by byte" }
    #expect(row?.cells == ["100.00 ± 0.00%", "0.00 ± 0.00%", "0.00 ± 0.00%"])
    #expect(evaluation.page.contains("The baseline is o."))
  }

  @Test func aKindWithoutTasksHasNoFigures() {
    let none = TaskComparison([], dense: [], sparse: [])
    #expect(none.json["choice"] == .null && none.json["exact_match"] == .null)
  }
}
