import SparrowCore
import SparrowSparsity
import Testing

@Suite struct StatisticalTopKTests {
  /// Expected values: mpmath at 60 digits.
  @Test(arguments: [
    (1e-300, -37.0470962993612), (1e-12, -7.034483825301132), (1e-6, -4.753424308822899),
    (0.001, -3.0902323061678136), (0.02, -2.053748910631823), (0.0749, -1.4402382675279637),
    (0.075, -1.439531470938456), (0.1, -1.2815515655446004), (0.25, -0.6744897501960817),
    (0.4, -0.2533471031357997), (0.575, 0.18911842627279238), (0.6, 0.2533471031357997),
    (0.9, 1.2815515655446006), (0.95, 1.6448536269514722), (0.99, 2.3263478740408408),
    (0.999, 3.090232306167813),
  ])
  func theQuantileKeepsItsBound(p: Double, expected: Double) {
    #expect(abs(normalQuantile(p) - expected) <= 1e-15 * abs(expected))
  }

  @Test func theQuantileEndsAtInfinity() {
    #expect(normalQuantile(0.5) == 0)
    #expect(normalQuantile(0) == -.infinity)
    #expect(normalQuantile(1) == .infinity)
    #expect(normalQuantile(-0.1).isNaN)
    #expect(normalQuantile(.nan).isNaN)
  }

  /// P(x) from its series: x + x^3/3 + x^5/15 + ... times the density, and a half.
  @Test func theQuantileInvertsTheDistribution() {
    for step in 1..<400 {
      let p = Double(step) / 400
      let x = normalQuantile(p)
      var (term, sum, odd) = (x, x, 1.0)
      while abs(term) > 1e-18 {
        odd += 2
        term *= x * x / odd
        sum += term
      }
      let density = exponential(-x * x / 2) / (2 * Double.pi).squareRoot()
      #expect(abs(0.5 + density * sum - p) < 1e-14)
    }
  }

  @Test(arguments: [16, 77, 500, 1000])
  func aboutKOfNormalScoresAreSelected(k: Int) {
    let scores = ScoreSamples.normal.scores(2000)
    let selection = Selector.statisticalTopK(k).select(scores)
    #expect(abs(selection.count - k) <= 10 + k / 20)
    // Whatever it selects are the greatest.
    #expect(selection.indices == sortedTopK(selection.count, scores))
  }

  @Test func thresholdIsMeanAndDeviationsAboveIt() {
    // Mean 0 and deviation 1: 16 of 100 are those from 0.994 on.
    var scores = [Float](repeating: 1, count: 50) + [Float](repeating: -1, count: 50)
    #expect(Selector.statisticalTopK(16).select(scores).count == 50)
    #expect(Selector.statisticalTopK(15).select(scores).count == 0)
    // What is not finite takes no part in mean and deviation.
    scores += [.nan, .infinity, -.infinity]
    #expect(Selector.statisticalTopK(17).select(scores).indices == Array(0..<50) + [101])
  }

  @Test(arguments: ScoreSamples.allCases)
  func nothingAndEverythingAreExact(_ sample: ScoreSamples) {
    let scores = sample.scores(101)
    #expect(Selector.statisticalTopK(0).select(scores).count == 0)
    let numbers = scores.count { !$0.isNaN }
    #expect(Selector.statisticalTopK(101).select(scores).count == numbers)
  }

  @Test func equalScoresAreSelectedTogether() {
    #expect(Selector.statisticalTopK(3).select(ScoreSamples.allEqual.scores(11)).count == 11)
  }
}
