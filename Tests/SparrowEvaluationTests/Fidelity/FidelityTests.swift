import Sparrow
import SparrowEngine
import SparrowCore
import SparrowMeasure
import SparrowSparsity
import SparrowTestModels
import SparrowTestSupport
import Testing

@testable import SparrowEvaluation

@Suite struct FidelityTests {
  @Test func aSparseHeadLeavesTheBodyAsItIs() throws {
    let model = try SparseModel.load()
    let found = try Fidelity.measure(
      model, text: SparseModel.text, context: 64, windows: 3)
    #expect(found.windows == 3 && found.positions == 3 * 31)
    #expect(found.ratio == 1 && found.body.logRatio.error == 0)
    #expect(found.body.windowLogRatio.error == 0)
    #expect(found.body.divergence.mean == 0)
    #expect(found.body.sameTop.mean == 1)
    let perplexity = try Perplexity.measure(model, text: SparseModel.text, context: 64, windows: 3)
    #expect(found.denseLoss == perplexity.losses && found.sparseLoss == perplexity.losses)
    #expect(found.headSameTop.mean > 0.9)
    let speed = try #require(found.speed)
    #expect(speed.pairs.dense.minimum > 0 && speed.pairs.sparse.minimum > 0)
    #expect(speed.pairs.speedup.minimum <= speed.pairs.speedup.maximum)
    #expect(speed.denseBytes != speed.sparseBytes)
    #expect(found.layers.isEmpty)
  }

  /// The definition: both decoded token by token in sessions of their own, in double precision.
  @Test func aSparseBodyIsScoredAsItDecodes() throws {
    let model = try SparseModel.loadSparseBody()
    let context = 48
    let found = try Fidelity.measure(
      model, text: SparseModel.text, context: context, windows: 2)
    let windows = try TextWindows(model, text: SparseModel.text, context: context, limit: 2)
    var sums = (dense: 0.0, sparse: 0.0, divergence: 0.0, same: 0)
    for index in 0..<2 {
      let window = windows[index]
      let sparse = try Self.logProbabilities(model, window)
      let dense = try Self.logProbabilities(model, window, isDense: true)
      for position in context / 2..<context - 1 {
        let (p, q) = (dense[position], sparse[position])
        let next = Int(window[position + 1])
        sums.dense -= p[next]
        sums.sparse -= q[next]
        sums.divergence += zip(p, q).reduce(0) { $0 + exponential($1.0) * ($1.0 - $1.1) }
        sums.same += p.indices.max { p[$0] < p[$1] } == q.indices.max { q[$0] < q[$1] } ? 1 : 0
      }
    }
    let count = Double(found.positions)
    #expect(found.positions == 2 * 23)
    #expect(abs(found.denseLoss.mean - sums.dense / count) < 1e-5)
    #expect(abs(found.sparseLoss.mean - sums.sparse / count) < 1e-5)
    #expect(abs(found.body.logRatio.mean - (sums.sparse - sums.dense) / count) < 1e-5)
    #expect(abs(found.body.divergence.mean - sums.divergence / count) < 1e-5)
    #expect(found.body.divergence.mean > 1e-4)
    #expect(found.body.sameTop.mean == Double(sums.same) / count)
    #expect(found.headSameTop == found.body.sameTop && found.fallbacks == 0)
  }

  /// `[tokens][vocabulary]`, decoded.
  private static func logProbabilities(
    _ model: Model, _ tokens: [Int32], isDense: Bool = false
  ) throws -> [[Double]] {
    let session = try model.session(context: tokens.count)
    session.isDense = isDense
    return try tokens.map { token in
      try session.advance(token) { output in
        let logits = output.logits.map(Double.init)
        let total = naturalLog(logits.reduce(0) { $0 + exponential($1) })
        return logits.map { $0 - total }
      }
    }
  }

  /// A baseline that is the dense self has the dense self's figures; one that is another model has
  /// those of a comparison in double precision.
  @Test(arguments: ["llama3", "smollm2"])
  func bothSidesAreComparedWithABaseline(name: String) throws {
    let model = try SparseModel.loadSparseBody()
    let other = try Model.load(Fixtures.path("models/" + name), options: LoadOptions(threads: 2))
    let context = 32
    func measure(_ baseline: Model?) throws -> Fidelity {
      try Fidelity.measure(
        model, text: SparseModel.text, context: context, windows: 2, baseline: baseline)
    }
    var found = try measure(other)
    let baseline = try #require(found.baseline)
    if name == "llama3" {
      #expect(baseline.loss == found.denseLoss && baseline.body == found.body)
      #expect(baseline.dense.ratio == 1 && baseline.dense.divergence.mean == 0)
      #expect(baseline.dense.sameTop.mean == 1 && baseline.headSameTop == found.headSameTop)
    }
    let windows = try TextWindows(model, text: SparseModel.text, context: context, limit: 2)
    var sums = (loss: 0.0, dense: 0.0, body: 0.0)
    for window in windows {
      let p = try Self.logProbabilities(other, window, isDense: true)
      let dense = try Self.logProbabilities(model, window, isDense: true)
      let body = try Self.logProbabilities(model, window)
      for position in context / 2..<context - 1 {
        sums.loss -= p[position][Int(window[position + 1])]
        func divergence(_ q: [Double]) -> Double {
          zip(p[position], q).reduce(0) { $0 + exponential($1.0) * ($1.0 - $1.1) }
        }
        sums.dense += divergence(dense[position])
        sums.body += divergence(body[position])
      }
    }
    let count = Double(found.positions)
    #expect(abs(baseline.loss.mean - sums.loss / count) < 1e-5)
    #expect(abs(baseline.dense.divergence.mean - sums.dense / count) < 1e-5)
    #expect(abs(baseline.body.divergence.mean - sums.body / count) < 1e-5)
    #expect(abs(baseline.body.logRatio.mean - (found.sparseLoss.mean - baseline.loss.mean)) < 1e-9)
    #expect(baseline.body.windowLogRatio.count == 2)
    #expect(found.json["baseline"]?["body"]?["perplexity_ratio"]?.double == baseline.body.ratio)
    // What is beside the dense self does not change by it.
    let alone = try measure(nil)
    (found.baseline, found.speed) = (nil, alone.speed)
    #expect(found == alone)
  }

  @Test func aBaselineOfOtherTokensIsRefused() throws {
    let other = try Model.load(Fixtures.path("relu/model.gguf"), options: LoadOptions(threads: 1))
    let error = #expect(throws: SparrowError.self) {
      try Fidelity.measure(
        SparseModel.loadSparseBody(), text: SparseModel.text, context: 32, windows: 1,
        baseline: other)
    }
    #expect(error?.kind == .mismatch && error?.field == "baseline")
  }

  @Test func windowsOfOddLengthAreScoredToTheirEnd() throws {
    let found = try Fidelity.measure(
      try SparseModel.load(), text: SparseModel.text, context: 21, windows: 2)
    #expect(found.positions == 2 * 10)
  }

  @Test func aRunSaysWhatLayersTouchedAtTheScoredPositions() throws {
    let model = try Model.load(
      Fixtures.path("relu/model.gguf"),
      options: LoadOptions(threads: 2, adapter: Fixtures.path("relu")))
    let found = try Fidelity.measure(model, text: SparseModel.text, context: 32, windows: 2)
    #expect(found.layers.map(\.layer) == [0, 1])
    for layer in found.layers {
      #expect(layer.kind == .feedForward && layer.steps == found.positions)
      #expect((0.05..<1).contains(layer.density))
      #expect((0.3...1).contains(try #require(layer.recall)))
    }
    let means = found.means(.feedForward)
    #expect(means.density == (found.layers[0].density + found.layers[1].density) / 2)
    #expect(found.means(.attention).density == nil)
    let layer = try #require(found.json["layers"]?.array?.first)
    #expect(layer["density"]?.double == found.layers[0].density)
    #expect(layer["recall"]?.double == found.layers[0].recall)
    let speed = try #require(found.speed)
    let (dense, sparse) = (try #require(speed.denseTimes), try #require(speed.sparseTimes))
    #expect(dense.predict == 0 && dense.select == 0 && dense.feedForward > 0)
    #expect(sparse.predict > 0 && sparse.select > 0 && sparse.feedForward > 0)
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
        model, text: SparseModel.text, context: 64, progress: Progress { $0.count!.done < end })
    }
    #expect(error?.kind == .cancelled)
  }
}
