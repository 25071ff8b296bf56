import SparrowCore
import SparrowPlots
import SparrowSparsity
import Testing

@testable import SparrowEvaluation

@Suite struct PairedFiguresTests {
  /// Speeds of pairs on a machine that others use: each pair slow by some factor, now and then one
  /// side alone by a lot.
  static func pairs(_ random: inout SeededRandom) -> (dense: [Double], sparse: [Double]) {
    let count = 1 + Int(random.next() % 12)
    let ratio = Double(random.uniform()) * 3 + 0.2
    var dense: [Double] = []
    var sparse: [Double] = []
    func outlier() -> Double {
      random.uniform() < 0.3 ? 0.02 + Double(random.uniform()) : 1
    }
    for _ in 0..<count {
      let load = 0.2 + Double(random.uniform())
      dense.append(100 * load * outlier())
      sparse.append(100 * ratio * load * outlier())
    }
    return (dense, sparse)
  }

  @Test("the quoted ratio is that of the quoted sides, and the median, whatever the pairs")
  func agree() {
    var random = SeededRandom(seed: 11)
    for _ in 0..<2000 {
      let (dense, sparse) = Self.pairs(&random)
      let rates = PairedFigures(.rate, dense: dense, sparse: sparse)
      #expect(rates.speedup.median == rates.sparse.median / rates.dense.median)
      let ratios = zip(dense, sparse).map { $1 / $0 }.sorted()
      #expect(rates.speedup.median == ratios[(ratios.count - 1) / 2])
      #expect(rates.dense.median == dense[rates.quoted])
      #expect(rates.speedup.minimum == ratios.first && rates.speedup.maximum == ratios.last)
      let times = PairedFigures(.time, dense: dense, sparse: sparse)
      #expect(times.speedup.median == times.dense.median / times.sparse.median)
    }
  }

  @Test("an outlier on either side moves nothing that is quoted")
  func outlier() {
    let quiet = PairedFigures(.rate, dense: [100, 101, 99], sparse: [150, 152, 151])
    let loaded = PairedFigures(.rate, dense: [100, 101, 9], sparse: [150, 152, 151])
    #expect(quiet.speedup.median == 152.0 / 101)
    #expect(loaded.speedup.median == 152.0 / 101 && loaded.dense.median == 101)
    #expect(loaded.dense.minimum == 9)
  }

  /// What a reader would compute from the printed figures lies within what rounding explains.
  @Test("tables and the plot agree with the ratio that they print")
  func printed() {
    var random = SeededRandom(seed: 12)
    for round in 0..<200 {
      var evaluation = Evaluation(model: "m", text: "t")
      for name in round % 2 == 0 ? ["a"] : ["a", "b"] {
        let (dense, sparse) = Self.pairs(&random)
        var fidelity = Fidelity(context: 8)
        fidelity.logRatio.add(0.1)
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

  @Test("a sweep's table prints times that have the ratio beside them")
  func sweep() {
    var random = SeededRandom(seed: 13)
    for _ in 0..<200 {
      let (dense, sparse) = Self.pairs(&random)
      let pairs = PairedFigures(.time, dense: dense, sparse: sparse)
      var sweep = DensitySweep()
      sweep.points = [
        .init(
          density: 0.5, batch: 1, isSparse: true, step: pairs, feedForward: pairs, predict: 0,
          select: 0, bytes: 1, denseBytes: 2)
      ]
      let words = sweep.text.split(separator: "\n")[1].split(separator: " ")
      let values = words.dropFirst(2).compactMap { Double($0) }
      for start in [0, 3] {
        let found = values[start + 1] / values[start]
        #expect(abs(found - values[start + 2]) <= 0.0051 + 0.01 * found)
      }
    }
  }
}
