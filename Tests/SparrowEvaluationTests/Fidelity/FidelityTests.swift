import Sparrow
import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowEvaluation

@Suite struct FidelityTests {
  @Test func aSparseHeadLeavesTheBodyAsItIs() throws {
    let model = try SparseModel.load()
    let found = try Fidelity.measure(
      model, text: SparseModel.text, context: 64, windows: 3)
    #expect(found.windows == 3 && found.positions == 3 * 31)
    #expect(found.ratio == 1 && found.logRatio.error == 0 && found.windowLogRatio.error == 0)
    #expect(found.divergence.mean == 0)
    #expect(found.bodySameTop.mean == 1)
    let perplexity = try Perplexity.measure(model, text: SparseModel.text, context: 64, windows: 3)
    #expect(found.denseLoss == perplexity.losses && found.sparseLoss == perplexity.losses)
    #expect(found.headSameTop.mean > 0.9)
    let speed = try #require(found.speed)
    #expect(speed.dense.minimum > 0 && speed.sparse.minimum > 0)
    #expect(speed.speedup.minimum <= speed.speedup.maximum)
    #expect(speed.denseBytes != speed.sparseBytes)
  }

  @Test func windowsOfOddLengthAreScoredToTheirEnd() throws {
    let found = try Fidelity.measure(
      try SparseModel.load(), text: SparseModel.text, context: 21, windows: 2)
    #expect(found.positions == 2 * 10)
  }

  @Test func whatLayersTouchedIsAskedOnceAfterTheRun() throws {
    let layer = LayerActivity(
      layer: 0, kind: .feedForward, groups: 4, steps: 10, selected: 10, recallSum: 9,
      counts: [1, 2, 3, 4])
    var asked = 0
    var last = 0.0
    let found = try Fidelity.measure(
      try SparseModel.load(), text: SparseModel.text, context: 16, windows: 1,
      activity: {
        asked += 1
        return [layer]
      },
      progress: { done, total, _ in
        #expect(Double(done) >= last && done <= total && asked == 0)
        last = Double(done)
        return true
      })
    #expect(asked == 1 && last == 16)
    #expect(found.means(.feedForward) == (density: 0.25, recall: 0.9))
    #expect(found.means(.attention).density == nil)
    #expect(found.json["layers"]?.array?.first?["density"]?.double == 0.25)
  }

  @Test func aDenseModelIsRefused() throws {
    let model = try Model.load(Fixtures.path("models/llama3"), options: LoadOptions(threads: 1))
    let error = #expect(throws: SparrowError.self) {
      try Fidelity.measure(model, text: SparseModel.text, context: 64)
    }
    #expect(error?.kind == .argument && error?.field == "adapter")
  }

  @Test(arguments: [0, 15, 30, 40, 64])
  func stopsWhenAsked(at end: Int) throws {
    let model = try SparseModel.load()
    let error = #expect(throws: SparrowError.self) {
      try Fidelity.measure(
        model, text: SparseModel.text, context: 64, progress: { done, _, _ in done < end })
    }
    #expect(error?.kind == .cancelled)
  }
}
