import Testing

@testable import SparrowTraining

@Suite struct TrainingLineTests {
  private func step(_ step: Int, density: Double? = nil, heldOut: Double? = nil) -> TrainingStep {
    TrainingStep(
      step: step, loss: 3.2134, heldOutLoss: heldOut, density: density, learningRate: 1e-3,
      tokensPerSecond: 41_234)
  }

  @Test func theLineTellsWhatMatters() {
    var line = TrainingLine(steps: 1000)
    #expect(
      line.text(step(100, density: 0.516), now: 50)
        == "step 100 of 1000  10%  loss 3.213  density 0.52  41.2 k tokens/s")
    #expect(
      line.text(step(110, heldOut: 3.5), now: 55)
        == "step 110 of 1000  11%  loss 3.213  held out 3.500  41.2 k tokens/s  7:25 left")
    #expect(line.text(step(1000), now: 500).hasSuffix("100%  loss 3.213  41.2 k tokens/s"))
  }

  @Test func oddFiguresDoNoHarm() {
    var line = TrainingLine(steps: 0)
    let odd = TrainingStep(
      step: 5, loss: .nan, learningRate: .nan, tokensPerSecond: .infinity)
    #expect(line.text(odd, now: 0) == "step 5 of 0  loss nan")
  }
}
