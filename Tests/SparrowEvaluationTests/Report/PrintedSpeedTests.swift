import SparrowCore
import SparrowMeasure
import SparrowPlots
import SparrowTestSupport
import Testing

@testable import SparrowEvaluation

@Suite struct PrintedSpeedTests {
  /// What a reader would compute from the printed figures lies within what rounding explains.
  @Test("tables and the plot agree with the ratio that they print")
  func printed() {
    var random = SeededRandom(seed: 12)
    for round in 0..<200 {
      var evaluation = Evaluation(model: "m", text: "t")
      for name in round % 2 == 0 ? ["a"] : ["a", "b"] {
        let (dense, sparse) = random.slowedPairs()
        var fidelity = Fidelity(context: 8)
        fidelity.body.logRatio.add(0.1)
        fidelity.speed = DecodeSpeed(
          pairs: .init(.rate, dense: dense, sparse: sparse), denseBytes: 2, sparseBytes: 1)
        evaluation.runs.append(.init(name: name, fidelity: fidelity))
      }
      for (unit, isRate) in [("tokens/s", true), ("ms a token", false)] {
        let sparse = Self.numbers(evaluation.table, "decode, \(unit)")
        let dense = Self.numbers(evaluation.table, "dense in turn, \(unit)") ?? sparse
        let ratio = Self.numbers(evaluation.table, "speed over dense")
        for column in 1...evaluation.runs.count {
          let own = evaluation.runs.count == 1 ? dense![0]! : dense![column]!
          let found = isRate ? sparse![column]! / own : own / sparse![column]!
          let said = ratio![column]!
          #expect(abs(found - said) <= 0.0051 + 0.011 * found, "\(found) against \(said)")
        }
      }
      let speed = evaluation.runs[0].fidelity!.speed!.pairs
      #expect((speed.sparse.median > speed.dense.median) == (speed.speedup.median > 1))
    }
  }

  private static func numbers(_ table: ReportTable, _ label: String) -> [Double?]? {
    table.rows.first { $0.label == label }?.cells.map { Double($0) }
  }
}
