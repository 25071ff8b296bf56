import Sparrow
import SparrowCore
import SparrowSparsity
import Testing

@testable import SparrowCalibration

/// The way in: what is asked for is made, and nothing else.
@Suite(.serialized) struct CalibrationTests {
  private static let text = VocabularyCalibrationTests.text

  private static func networks(
    _ layers: FeedForwardCalibration.Layers = .all
  ) -> FeedForwardCalibration.Options {
    FeedForwardCalibrationTests.options(.sketch) { ($0.rank, $0.layers) = (0, layers) }
  }

  private static var attention: AttentionCalibration.Options {
    var options = AttentionCalibration.Options()
    (options.tokens, options.window, options.target) = (1500, 64, .density(0.75))
    return options
  }

  private static var inputs: InputCalibration.Options {
    var options = InputCalibration.Options(tokens: 800, density: 0.5, allocation: .uniform)
    options.window = 64
    return options
  }

  @Test("parts made together, or one after the other, are the parts made alone")
  func partsAreIndependent() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let head = Calibration.Request(head: VocabularyCalibrationTests.options)
    let networks = Calibration.Request(networks: Self.networks())
    let both = Calibration.Request(
      head: VocabularyCalibrationTests.options, networks: Self.networks())
    func run(_ request: Calibration.Request, addingTo adapter: Adapter? = nil) throws -> Adapter {
      var made = try Calibration.run(
        request, of: model, on: Self.text, addingTo: adapter
      ).adapter
      // How wide batches may be is measured in seconds.
      made.plan.head?.plan.widestBatch = 1
      made.plan.widestBatch = 1
      return made
    }
    let alone = (head: try run(head), networks: try run(networks))
    let together = try run(both)
    #expect(together.plan.head == alone.head.plan.head && alone.networks.plan.head == nil)
    #expect(together.plan.networks == alone.networks.plan.networks)
    #expect(alone.networks.plan.networks.count == 2)
    #expect(try run(networks, addingTo: alone.head) == together)
    #expect(!model.isSparse)
  }

  @Test func progressRisesOverAllParts() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    var fractions: [Double] = []
    let progress = Progress { report in
      fractions.append(report.fraction)
      return true
    }
    let request = Calibration.Request(head: VocabularyCalibrationTests.options, inputs: Self.inputs)
    let made = try Calibration.run(request, of: model, on: Self.text, progress: progress)
    #expect(fractions == fractions.sorted() && abs(fractions.last! - 1) < 1e-9)
    #expect(made.adapter.plan.widestBatch == 1 && made.report.inputs.count == 2)
  }

  private static let refused: [(String, Calibration.Request)] = [
    ("", .init()), ("inputs", .init(networks: networks(), inputs: inputs)),
    ("inputs", .init(attention: attention, inputs: inputs)),
    ("attention", .init(networks: networks(learnt(1.5)), attention: attention)),
    ("candidates-per-k", .init(networks: networks(learnt(0.5)))),
    ("target", .init(networks: networks(.target(.density(2))))),
  ]

  private static func learnt(_ candidatesPerK: Double) -> FeedForwardCalibration.Layers {
    .learnt([:], candidatesPerK: candidatesPerK)
  }

  @Test func refusesPartsThatExcludeEachOther() throws {
    for (field, request) in Self.refused {
      let error = #expect(throws: SparrowError.self) { try request.validate() }
      #expect(error?.kind == .argument && error?.field == field, "\(field)")
    }
    var request = Calibration.Request(attention: Self.attention)
    request.attention?.density = 1
    let error = #expect(throws: SparrowError.self) { try request.validate() }
    #expect(error?.field == "density")
  }

  @Test("a part that an adapter's own parts exclude is refused before any work")
  func refusesAdapters() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    var adapter = Adapter(for: model.binding.checkpoint)
    adapter.plan.networks = [0: FeedForwardPlan(predictor: .exact, selector: .topK(4))]
    func refusal(_ adapter: Adapter, _ request: Calibration.Request) -> SparrowError? {
      #expect(throws: SparrowError.self) {
        try Calibration.run(
          request, of: model, on: Self.text, addingTo: adapter,
          progress: Progress { _ in
            Issue.record("work began")
            return false
          })
      }
    }
    #expect(refusal(adapter, .init(inputs: Self.inputs))?.field == "adapter")
    adapter.plan.networks = [:]
    adapter.plan.inputs = [0: InputPlan([:])]
    #expect(refusal(adapter, .init(networks: Self.networks()))?.field == "adapter")
    adapter.baseHash = String(repeating: "0", count: 64)
    #expect(refusal(adapter, .init(attention: Self.attention))?.kind == .mismatch)
  }
}
