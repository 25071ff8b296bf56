import SparrowCore
import SparrowMeasure
import SparrowPlots
import SparrowTestSupport
import Testing

@testable import SparrowEvaluation

/// Beside what rouge-score and sacrebleu make of the same texts
/// (`Scripts/make_text_score_fixtures.py`).
@Suite struct TextScoreTests {
  struct Golden {
    let whole: JSON
    let cases: [(text: String, references: [String], expected: JSON)]

    init() throws {
      whole = try JSON.parse(contents(of: Fixtures.path("text-scores.json")))
      cases = try #require(whole["cases"]?.array).map { json in
        (
          try #require(json["text"]?.string),
          try #require(json["references"]?.array).compactMap(\.string), json
        )
      }
    }
  }

  @Test func rougeLIsThatOfRougeScore() throws {
    let golden = try Golden()
    #expect(golden.cases.count > 30)
    for (text, references, expected) in golden.cases {
      let wanted = try #require(expected["rouge_l"]?.double)
      #expect(abs(ROUGE.l(text, references: references) - wanted) < 1e-12, "\(text)")
    }
  }

  @Test func tokensAreThoseOfMteval() throws {
    for (text, _, expected) in try Golden().cases {
      let wanted = expected["tokens"]?.array?.compactMap(\.string)
      #expect(BLEUTokens.split(text) == wanted, "\(text)")
    }
  }

  @Test func bleuIsThatOfSacrebleu() throws {
    let golden = try Golden()
    var sum = BLEU()
    for (text, references, expected) in golden.cases {
      let own = BLEU(text, references: references)
      let wanted = try #require(expected["bleu"]?.double)
      #expect(abs(own.score - wanted) < 1e-9, "\(text)")
      sum += own
    }
    let wanted = try #require(golden.whole["bleu"]?.double)
    #expect(abs(sum.score - wanted) < 1e-9)
    #expect(BLEU().score == 0)
  }

  @Test func writingIsComparedByBothScores() throws {
    let golden = try Golden()
    let cases = golden.cases.suffix(24)
    let lines = cases.map { entry in
      JSON.object([
        ("prompt", .string("")), ("references", .array(entry.references.map(JSON.string))),
      ]).text()
    }
    let items = try TaskItem.parse(lines.joined(separator: "\n"), file: "t")
    let own = cases.map { TaskAnswer(text: $0.text) }
    let perfect = cases.map { TaskAnswer(text: $0.references[0]) }
    let comparison = TaskComparison(items, dense: perfect, sparse: own, baseline: perfect)
    let bleu = try #require(comparison.bleu.all)
    let wanted = try #require(golden.whole["bleu_of_tasks"]?.double)
    #expect(abs(bleu.sparse.value - wanted) < 1e-9)
    #expect(bleu.dense.value == 100 && bleu.dense.error == 0)
    #expect(bleu.difference.value == bleu.sparse.value - 100)
    #expect((2.0..<8).contains(bleu.sparse.error))
    #expect(abs(bleu.difference.error - bleu.sparse.error) < 1e-9)
    #expect(bleu.baseline == bleu.dense && bleu.differenceToBaseline == bleu.difference)
    #expect(comparison.rougeL.dense.mean == 1 && comparison.rougeL.sparse.mean < 1)
    #expect(comparison.json["bleu"]?["baseline"]?["score"]?["mean"]?.double == 100)
    var evaluation = Evaluation(model: "m", text: nil, task: "t", baseline: "b")
    evaluation.runs = [.init(name: "a", tasks: comparison)]
    #expect(evaluation.table.rows.map(\.label) == ["ROUGE-L", "same text", "BLEU"])
    #expect(evaluation.table.rows[2].cells[0] == "100.00 ± 0.00")
  }

  @Test func aTaskAloneHasNoError() throws {
    var figure = BLEUFigure()
    #expect(figure.all == nil && figure.json == .null)
    figure.add(.init(dense: "a b c d", sparse: "a b c e"), references: ["a b c d"])
    let all = try #require(figure.all)
    #expect(all.dense.value > 99.99 && all.sparse.value < 60)
    #expect(all.sparse.error == 0 && all.baseline == nil)
  }

  /// GSM8K's answers come behind their reasoning.
  @Test func onlyWhatStandsBehindTheMarkIsCompared() throws {
    let items = try TaskItem.parse(
      "{\"prompt\": \"\", \"answers\": [\" 2 + 3 = 5\\n#### 5\"], \"after\": \"####\"}", file: "t")
    for (text, score) in [("so #### 6 #### 5", 1.0), ("#### 55", 0), ("5", 1), ("####", 0)] {
      let comparison = TaskComparison(
        items, dense: [.text(text)], sparse: [TaskAnswer(text: text)])
      #expect(comparison.exactMatch.sparse.mean == score, "\(text)")
    }
  }
}
