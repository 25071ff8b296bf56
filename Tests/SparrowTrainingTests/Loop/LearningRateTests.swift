import SparrowCore
import Testing

@testable import SparrowTraining

@Suite struct LearningRateTests {
  @Test func risesThenFallsToTheFloor() throws {
    let rate = try LearningRate(peak: 1, warmUp: 3, decay: .cosine(steps: 14, floor: 0.1))
    #expect([0, 1, 2, 3].map { rate($0) } == [0.25, 0.5, 0.75, 1])
    #expect(abs(rate(8) - 0.55) < 1e-12)
    #expect(abs(rate(13) - 0.1) < 1e-12 && abs(rate(1000) - 0.1) < 1e-12)
    for step in 3..<13 { #expect(rate(step) > rate(step + 1)) }
  }

  @Test func staysAtThePeak() throws {
    let rate = try LearningRate(peak: 3e-4)
    #expect(rate(0) == 3e-4 && rate(1_000_000) == 3e-4)
  }

  @Test func stagesGoOnWithOneCurve() throws {
    let decay = LearningRate.Decay.cosine(steps: 14, floor: 0.1)
    let whole = try LearningRate(peak: 1, warmUp: 3, decay: decay)
    for before in [2, 6] {
      let rest = try LearningRate(peak: 1, warmUp: 3, decay: decay, after: before)
      #expect((0..<14).allSatisfy { rest($0) == whole($0 + before) })
    }
  }

  @Test func shortRunsHaveRates() throws {
    for steps in 0..<4 {
      let rate = try LearningRate(peak: 1, decay: .cosine(steps: steps, floor: 0))
      #expect((0..<5).allSatisfy { (0...1).contains(rate($0)) })
    }
  }

  @Test func impossibleRatesAreRefused() {
    for peak in [-1, .nan, .infinity] {
      #expect(throws: SparrowError.self) { try LearningRate(peak: peak) }
    }
    #expect(throws: SparrowError.self) { try LearningRate(peak: 1, warmUp: -1) }
    #expect(throws: SparrowError.self) {
      try LearningRate(peak: 1, warmUp: 9, decay: .cosine(steps: 8, floor: 0))
    }
    #expect(throws: SparrowError.self) {
      try LearningRate(peak: 1, decay: .cosine(steps: 8, floor: 1.5))
    }
  }
}
