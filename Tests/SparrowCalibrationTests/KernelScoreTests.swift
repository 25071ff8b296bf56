import Sparrow
import SparrowCore
import SparrowEngine
import SparrowNumerics
import SparrowSparsity
import Testing

@testable import SparrowCalibration

/// What thresholds are fitted on is what decoding sees, to the bit.
@Suite(.serialized) struct KernelScoreTests {
  private typealias Fitting = FeedForwardCalibrationTests

  private static let options: [(String, FeedForwardCalibration.Options)] = [
    ("int4 sketch", Fitting.options(.sketch) { _ in }),
    ("product sketch", Fitting.options(.sketch) { ($0.coding, $0.codes) = (.product, 8) }),
    ("low-rank maps in 8 bits", Fitting.options(.lowRank) { $0.mapType = .q8_0 }),
    ("router in 4 bits", Fitting.options(.router) { $0.mapType = .q4_0 }),
    ("router of groups", Fitting.options(.router) { $0.groupSize = 8 }),
    ("gates", Fitting.options(.magnitude) { _ in }),
  ]

  @Test("scores for fitting are the scores of a decoding step")
  func sameAsDecoding() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let hidden = model.configuration.hidden
    for (name, options) in Self.options {
      let (plans, _) = try FeedForwardCalibration.fit(
        model: model, text: Fitting.text, options: options)
      for (layer, plan) in plans {
        let input = FloatRows(rows: 1, columns: hidden)
        let probes = StepProbes { seen in
          guard seen.subject == .feedForward, seen.layer == layer else { return }
          input[0].update(from: seen.input(row: 0), count: hidden)
        }
        let sequence = try model.backend.sequence(capacity: 1, type: .f16)
        model.backend.step(.prompt([5], of: sequence, probes: probes))
        let scores = model.predict(
          plan.predictor, layer: layer, input, count: 1, groupSize: plan.groupSize
        ).scores
        try model.install(SparsePlan(networks: [layer: plan]))
        defer { try? model.install(.dense) }
        sequence.clear()
        model.backend.step(.decode([5], of: [sequence]))
        let decoded = model.backend.neuronScores(layer: layer)
        #expect(decoded.prefix(scores.columns).elementsEqual(scores.values), "\(name)")
      }
    }
  }

  /// With as many candidates as rows, whose logits are all computed, scores cannot be seen; so few
  /// candidates are asked for, and must be the rows of the greatest scores.
  @Test("a head's candidates are the rows that its scores for fitting put first")
  func vocabulary() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    var options = VocabularyCalibrationTests.options
    (options.candidates, options.doubt) = (8, 0)
    let (head, _) = try VocabularyCalibration.fit(
      model: model, text: Fitting.text, options: options)
    try model.install(SparsePlan(head: head))
    defer { try? model.install(.dense) }
    let sequence = try model.backend.sequence(capacity: 4, type: .f16)
    for token in [5, 9, 17, 3] as [Int32] {
      model.backend.step(.decode([token], of: [sequence]))
      let state = FloatRows(
        Array(model.backend.hidden(row: 0)), columns: model.configuration.hidden)
      let scores = try SketchedRows(headOf: model).scores(of: head.sketch, state, 0..<1).0
      let order = (0..<scores.columns).sorted { scores[0][$0] > scores[0][$1] }
      let ids = try #require(model.backend.output(row: 0).ids)
      #expect(Set(ids).isSuperset(of: order.prefix(8).map(Int32.init)))
    }
  }

  @Test("many inputs get the scores that each gets alone, and estimates where they are wanted")
  func batches() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 2)
    let hidden = model.configuration.hidden
    let (plans, _) = try FeedForwardCalibration.fit(
      model: model, text: Fitting.text, options: Fitting.options(.sketch) { _ in })
    let plan = try #require(plans[1])
    var random = SeededRandom(seed: 7)
    let inputs = FloatRows((0..<37 * hidden).map { _ in random.uniform() - 0.5 }, columns: hidden)
    let all = model.predict(plan.predictor, rest: .estimate, layer: 1, inputs, count: 37)
    let estimates = try #require(all.estimates)
    for row in [0, 15, 16, 36] {
      let one = FloatRows(
        Array(UnsafeBufferPointer(start: inputs[row], count: hidden)), columns: hidden)
      let alone = model.predict(plan.predictor, layer: 1, one, count: 1)
      #expect(alone.estimates == nil)
      for neuron in 0..<all.scores.columns {
        #expect(all.scores[row][neuron] == alone.scores[0][neuron])
        #expect(abs(estimates[row][neuron]) == all.scores[row][neuron])
      }
    }
  }
}
