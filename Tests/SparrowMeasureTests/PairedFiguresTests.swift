import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowMeasure

@Suite struct PairedFiguresTests {
  @Test("the quoted ratio is that of the quoted sides, and the median, whatever the pairs")
  func agree() {
    var random = SeededRandom(seed: 11)
    for _ in 0..<2000 {
      let (dense, sparse) = random.slowedPairs()
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

  @Test("a sweep's table prints times that have the ratio beside them")
  func sweep() {
    var random = SeededRandom(seed: 13)
    for _ in 0..<200 {
      let (dense, sparse) = random.slowedPairs()
      let pairs = PairedFigures(.time, dense: dense, sparse: sparse)
      var sweep = DensitySweep()
      sweep.points = [
        .init(
          density: 0.5, batch: 1, sparseSteps: 1, step: pairs, feedForward: pairs, predict: 0,
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
