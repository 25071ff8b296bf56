import Sparrow
import SparrowCore
import SparrowEngine
import SparrowTestPlans
import SparrowTestSupport
import SparrowTransformer
import Testing

/// A request gives the same bits alone and in any company: whatever arrives, ends or is cancelled
/// beside it, cached or not, with all the memory or hardly any.
@Suite(.serialized) struct CompanyTests {
  /// A request, when it comes, and after how many tokens it is cancelled.
  private struct Arrival {
    let request: GenerationRequest
    let delay: Int
    let cancelAfter: Int
  }

  /// Every kind of plan; keys that skipped heads have not made; long texts that turn otherwise.
  private static let cases: [(String, PlanKind)] =
    PlanKind.allCases.map { ("llama3", $0) } + [
      ("llama2", .attention), ("llama2", .all), ("phi3-long", .dense), ("phi3-long", .networks),
    ]

  /// Prompts that begin with one of a few texts and go on their own way.
  private static func arrivals(_ count: Int, of model: Model, seed: UInt64) -> [Arrival] {
    var random = SeededRandom(seed: seed)
    func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
    func tokens(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(below(100)) } }
    let beginnings = [0, 64, 70, context(model) / 2 + 2].map(tokens)
    return (0..<count).map { index in
      var request = GenerationRequest(
        prompt: beginnings[below(4)] + tokens(1 + below(20)),
        options: GenerationOptions(
          maximumTokens: 1 + below(120),
          sampling: SamplingOptions(
            temperature: below(2) == 0 ? 0 : 1, topK: 20,
            repetitionPenalty: below(3) == 0 ? 1.2 : 1, presencePenalty: below(3) == 0 ? 0.5 : 0,
            bias: below(4) == 0 ? [7: 2] : [:], seed: UInt64(index)),
          ignoresEnd: true))
      request.plan = [nil, .dense, model.isSparse ? .sparse : nil][below(3)]
      request.logProbabilities = below(2) == 0 ? nil : below(3)
      request.scoresPrompt = request.logProbabilities != nil && below(2) == 0
      request.decodesPrompt = below(6) == 0
      return Arrival(
        request: request, delay: below(60), cancelAfter: below(5) == 0 ? 1 + below(20) : .max)
    }
  }

  private static func context(_ model: Model) -> Int { min(model.configuration.contextLength, 256) }

  @Test(arguments: cases)
  func sameBitsAloneAndInCompany(name: String, kind: PlanKind) async throws {
    let model = try ScheduledModel.load(name, kind)
    let arrivals = Self.arrivals(12, of: model, seed: 5)
    let context = Self.context(model)
    var alone: [GenerationPiece] = []
    for arrival in arrivals {
      let scheduler = try model.scheduler(SchedulerOptions(cacheMemory: 1 << 22, context: context))
      alone.append(try await scheduler.submit(arrival.request).collect())
    }
    let page = PagePool.pageBytes(model.configuration, .f16)
    for (parallel, pages) in [(4, 64), (7, 9), (16, 4)] {
      let scheduler = try model.scheduler(
        SchedulerOptions(parallel: parallel, cacheMemory: pages * page, context: context))
      let found = try await withThrowingTaskGroup(of: (Int, GenerationPiece).self) { group in
        for (index, arrival) in arrivals.enumerated() {
          group.addTask {
            for _ in 0..<arrival.delay { await Task.yield() }
            let stream = try scheduler.submit(arrival.request)
            return (index, try await stream.collect(cancelAfter: arrival.cancelAfter))
          }
        }
        return try await group.reduce(into: [Int: GenerationPiece]()) { $0[$1.0] = $1.1 }
      }
      for (index, arrival) in arrivals.enumerated() {
        let (own, other) = (alone[index], found[index]!)
        let place = "\(name) \(kind), \(parallel) at once, \(pages) pages, request \(index)"
        if other.result?.reason == .cancelled {
          #expect(arrival.cancelAfter < .max, "\(place)")
          #expect(own.tokens.starts(with: other.tokens), "\(place)")
        } else {
          #expect(own.tokens == other.tokens && own.text == other.text, "\(place)")
          #expect(own.prompt == other.prompt, "\(place)")
        }
      }
      let statistics = scheduler.statistics
      let shares = model.configuration.longRotaryBeyond == nil
      #expect(pages < 64 || shares == (statistics.cachedTokens > 0), "\(name) \(kind)")
      await scheduler.stop()
      #expect(scheduler.statistics.pages == 0)
    }
  }

  @Test("a full cache suspends who came last, and its text goes on", arguments: cases)
  func suspended(name: String, kind: PlanKind) async throws {
    let model = try ScheduledModel.load(name, kind)
    let page = PagePool.pageBytes(model.configuration, .f16)
    // Both have a page at first; together they need one more than there is.
    let options = SchedulerOptions(cacheMemory: 3 * page, context: 128)
    let requests = (0..<2).map { index in
      GenerationRequest(
        prompt: (0..<20).map { Int32((7 * $0 + 50 * index) % 100) },
        options: GenerationOptions(
          maximumTokens: 90, sampling: SamplingOptions(temperature: 1, seed: UInt64(index)),
          ignoresEnd: true), logProbabilities: 1)
    }
    var alone: [GenerationPiece] = []
    for request in requests {
      alone.append(try await model.scheduler(options).submit(request).collect())
    }
    // On a busy machine the first may end before the second comes: then once more.
    var preemptions = 0
    for _ in 0..<20 where preemptions == 0 {
      let scheduler = try model.scheduler(options)
      let streams = try requests.map { try scheduler.submit($0) }
      async let first = streams[0].collect()
      async let second = streams[1].collect()
      for (alone, found) in zip(alone, try await [first, second]) {
        #expect(
          alone.tokens.count == 90 && alone.tokens == found.tokens && alone.text == found.text)
      }
      await scheduler.stop()
      #expect(scheduler.statistics.pages == 0)
      preemptions = scheduler.statistics.preemptions
    }
    #expect(preemptions > 0)
  }
}
