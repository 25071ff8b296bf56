import CSparrowKernels
import SparrowCore
import SparrowSparsity
import Testing

@testable import SparrowMeasure

@Suite struct FigureTests {
  @Test func aMeanKnowsItsError() {
    var mean = SampleMean()
    #expect(mean.mean == 0 && mean.error == 0)
    for sample in [1.0, 2, 3, 6] { mean.add(sample) }
    #expect(mean.count == 4 && mean.mean == 3)
    // Deviations -2, -1, 0, 3: variance 14 / 3, error sqrt(14 / 12).
    #expect(abs(mean.error - (14.0 / 12).squareRoot()) < 1e-12)
  }

  /// The definition, in double precision.
  @Test func divergenceEqualsItsDefinition() {
    var random = SeededRandom(seed: 7)
    let p = (0..<1000).map { _ in random.uniform() * 20 }
    let q = p.map { $0 + random.uniform() - 0.5 }
    func softmax(_ logits: [Float]) -> [Double] {
      let weights = logits.map { exponential(Double($0)) }
      let sum = weights.reduce(0, +)
      return weights.map { $0 / sum }
    }
    let expected = zip(softmax(p), softmax(q)).reduce(0) { $0 + $1.0 * naturalLog($1.0 / $1.1) }
    func found(_ p: [Float], _ q: [Float]) -> Double {
      func total(_ x: [Float]) -> Float { sk_log_sum_exp(x, Int32(x.count)) }
      let (pTotal, qTotal) = (total(p), total(q))
      return p.withUnsafeBufferPointer { p in
        q.withUnsafeBufferPointer { divergence(p, total: pTotal, $0, total: qTotal) }
      }
    }
    #expect(abs(found(p, q) - expected) < 1e-5)
    #expect(found(p, p) == 0)
    #expect(
      found([0, -.infinity], [0, 0]) > 0.69 && found([0, 0], [0, -.infinity]) == .infinity)
  }

  @Test func aLayerWithoutStepsHasNoDensity() {
    let layer = LayerActivity(
      layer: 0, kind: .attention, groups: 0, steps: 0, selected: 0, recallSum: nil, counts: [])
    #expect(layer.density == 0 && layer.recall == nil)
  }
}
