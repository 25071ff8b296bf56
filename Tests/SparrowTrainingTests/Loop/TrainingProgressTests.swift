import Testing

@testable import SparrowTraining

@Suite struct TrainingProgressTests {
  private func step(_ step: Int, density: Double? = nil, heldOut: Double? = nil) -> TrainingStep {
    TrainingStep(
      step: step, loss: 3.2134, heldOutLoss: heldOut, density: density, learningRate: 1e-3,
      tokensPerSecond: 41_234)
  }

  @Test func theLineTellsWhatMatters() {
    var progress = TrainingProgress(steps: 1000)
    #expect(
      progress.line(step(100, density: 0.516), now: 50)
        == "step 100 of 1000  10%  loss 3.213  density 0.52  41.2 k tokens/s")
    #expect(
      progress.line(step(110, heldOut: 3.5), now: 55)
        == "step 110 of 1000  11%  loss 3.213  held out 3.500  41.2 k tokens/s  7:25 left")
    #expect(progress.line(step(1000), now: 500).hasSuffix("100%  loss 3.213  41.2 k tokens/s"))
  }

  @Test func theLineFitsTheTerminal() {
    var progress = TrainingProgress(steps: 1000)
    for columns in [0, 1, 10, 40, 200] {
      #expect(progress.line(step(1), columns: columns, now: 0).count < max(1, columns))
    }
  }

  @Test func oddFiguresDoNoHarm() {
    var progress = TrainingProgress(steps: 0)
    let odd = TrainingStep(
      step: 5, loss: .nan, learningRate: .nan, tokensPerSecond: .infinity)
    #expect(progress.line(odd, now: 0) == "step 5 of 0  loss nan")
  }
}
