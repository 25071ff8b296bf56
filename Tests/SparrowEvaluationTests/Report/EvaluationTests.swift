import SparrowCore
import SparrowMeasure
import SparrowPlots
import SparrowSparsity
import Testing

@testable import SparrowEvaluation

@Suite struct EvaluationTests {
  @Test func columnsAreFlushRight() {
    var table = ReportTable(columns: ["dense", "a"])
    table.add("one", ["1 ± 0", "22"])
    table.add("nothing", ["", ""])
    table.add("three", ["", "333"])
    #expect(table.text == "        dense     a\none     1 ± 0    22\nthree           333\n")
  }

  @Test func everyFigureIsBesideTheDenseOne() {
    var evaluation = Evaluation(model: "m", text: "t")
    var fidelity = Fidelity(context: 8)
    for loss in [1.0, 2, 3] {
      fidelity.denseLoss.add(loss)
      fidelity.sparseLoss.add(loss + 0.1)
      fidelity.body.logRatio.add(0.1)
    }
    fidelity.speed = DecodeSpeed(
      pairs: .init(.rate, dense: [100], sparse: [200]), denseBytes: 2_000_000,
      sparseBytes: 1_000_000, denseTimes: StepTimes(attention: 1, feedForward: 4),
      sparseTimes: StepTimes(attention: 1, predict: 0.5, select: 0.25, feedForward: 2))
    fidelity.layers = [
      LayerActivity(
        layer: 0, kind: .feedForward, groups: 2, steps: 4, selected: 2, recallSum: nil,
        counts: [2, 0])
    ]
    evaluation.runs = [.init(name: "a", fidelity: fidelity), .init(name: "b")]
    let table = evaluation.table
    #expect(table.columns == ["dense", "a", "b"])
    func row(_ label: String) -> [String]? { table.rows.first { $0.label == label }?.cells }
    #expect(row("perplexity, body") == ["7.389 ± 4.266", "8.166 ± 4.715", ""])
    #expect(row("perplexity ratio") == ["", "1.1052 ± 0.0000", ""])
    #expect(row("decode, ms a token") == ["10.0", "5.00", ""])
    #expect(row("read a token") == ["2.00 MB", "1.00 MB", ""])
    #expect(row("density, feed-forward") == ["", "25.00%", ""])
    #expect(row("recall, feed-forward") == nil)
    #expect(row("predict, ms a token") == ["", "0.500", ""])
    #expect(row("select, ms a token") == ["", "0.250", ""])
    #expect(row("touch, ms a token") == ["4.000", "2.000", ""])
    // No layer's attention is sparse.
    #expect(row("attention, ms a token") == nil)
  }
  @Test func aBaselineIsBesideBoth() {
    var evaluation = Evaluation(model: "m", text: "t", baseline: "o")
    var fidelity = Fidelity(context: 8)
    var baseline = BaselineFidelity()
    baseline.loss.add(0)
    baseline.dense.logRatio.add(0)
    baseline.dense.divergence.add(0.25)
    baseline.body.sameTop.add(1)
    fidelity.baseline = baseline
    evaluation.runs = [.init(name: "a", fidelity: fidelity)]
    let table = evaluation.table
    #expect(table.columns == ["baseline", "dense", "a"])
    func row(_ label: String) -> [String]? { table.rows.first { $0.label == label }?.cells }
    #expect(row("perplexity, body")?.first == "1.000 ± 0.000")
    #expect(row("perplexity over baseline's") == ["", "1.0000 ± 0.0000", "1.0000 ± 0.0000"])
    #expect(row("KL(baseline || model), nats")?[1] == "0.25000 ± 0.00000")
    #expect(row("same token as baseline, body")?[2] == "100.00 ± 0.00%")
    #expect(evaluation.json["baseline"]?.string == "o")
    #expect(evaluation.page.contains("perplexity over baseline"))
  }
}
