import Sparrow
import SparrowEngine
import SparrowTestPlans
import SparrowTestSupport
import Testing

/// What requests take from the pages of those before them.
@Suite struct PrefixTests {
  private static func request(_ prompt: [Int32], _ count: Int = 8, seed: UInt64 = 0)
    -> GenerationRequest
  {
    GenerationRequest(
      prompt: prompt,
      options: GenerationOptions(
        maximumTokens: count, sampling: SamplingOptions(temperature: 1, topK: 0, seed: seed),
        ignoresEnd: true), logProbabilities: 2)
  }

  private static func text(_ count: Int, _ first: Int = 0) -> [Int32] {
    (0..<count).map { Int32((7 * $0 + $0 / 9 + first) % 100) }
  }

  @Test func equalPromptsRunOnce() async throws {
    let scheduler = try ScheduledModel.load().scheduler(SchedulerOptions(context: 256))
    let streams = try (0..<4).map {
      try scheduler.submit(Self.request(Self.text(130), seed: UInt64($0)))
    }
    var cached: [Int] = []
    for stream in streams { cached.append(try await stream.collect().result!.cachedTokens) }
    #expect(cached == [0, 128, 128, 128])
    await scheduler.stop()
    #expect(scheduler.statistics.promptTokens == 130 + 3 * 2)
    #expect(scheduler.statistics.cachedTokens == 3 * 128)
  }

  @Test("a last token always runs, and texts that differ share no more than they have in common")
  func whatIsShared() async throws {
    let scheduler = try ScheduledModel.load().scheduler(SchedulerOptions(context: 256))
    func cached(_ prompt: [Int32]) async throws -> Int {
      try await scheduler.submit(Self.request(prompt, 1)).collect().result!.cachedTokens
    }
    #expect(try await cached(Self.text(192)) == 0)
    #expect(try await cached(Self.text(192)) == 128)
    #expect(try await cached(Self.text(193)) == 192)
    #expect(try await cached(Self.text(100) + [0] + Self.text(50)) == 64)
    #expect(try await cached([0] + Self.text(150)) == 0)
  }

  @Test("a conversation's next turn has the same bits with its first turn cached and without")
  func nextTurn() async throws {
    for kind in [PlanKind.dense, .networks, .attention] {
      let model = try ScheduledModel.load("llama2", kind)
      let scheduler = try model.scheduler()
      let first = try await scheduler.submit(Self.request(Self.text(10), 60)).collect()
      let turn = Self.request(Self.text(10) + first.tokens.map(\.id) + Self.text(9, 3))
      let next = try await scheduler.submit(turn).collect()
      let fresh = try await model.scheduler().submit(turn).collect()
      #expect(next.tokens == fresh.tokens)
      // A dense answer is as good as a prompt.
      #expect(next.result?.cachedTokens == (kind == .dense ? 64 : 0), "\(kind)")
      let reusing = try model.scheduler(SchedulerOptions(reusesAnswers: true))
      _ = try await reusing.submit(Self.request(Self.text(10), 60)).collect()
      let reused = try await reusing.submit(turn).collect().result?.cachedTokens
      // Heads that were skipped have no keys: such pages are never shared.
      #expect(reused == (kind == .attention ? 0 : 64), "\(kind)")
    }
  }

  @Test("with answers reused, a dense request takes no page that a sparse answer wrote")
  func denseAfterSparse() async throws {
    let model = try ScheduledModel.load("llama3", .networks)
    let reusing = try model.scheduler(SchedulerOptions(reusesAnswers: true))
    let first = try await reusing.submit(Self.request(Self.text(10), 150)).collect()
    var turn = Self.request(Self.text(10) + first.tokens.map(\.id) + Self.text(9, 3))
    turn.plan = .dense
    let alone = try await model.scheduler().submit(turn).collect()
    for cached in [0, 128] {
      let found = try await reusing.submit(turn).collect()
      #expect(found.tokens == alone.tokens)
      #expect(found.result?.cachedTokens == cached)
    }
    // Its own pages serve who takes both.
    turn.plan = .sparse
    #expect(try await reusing.submit(turn).collect().result?.cachedTokens == 128)
  }

  @Test func whatIsTooLargeIsRefused() async throws {
    let model = try ScheduledModel.load()
    let page = PagePool.pageBytes(model.configuration, .f16)
    let error = #expect(throws: SparrowError.self) {
      try model.scheduler(SchedulerOptions(cacheMemory: 2 * page, context: 129))
    }
    #expect(error?.found.contains("\(3 * page)") == true)
    #expect(error?.expected.contains("\(2 * page)") == true)
    let scheduler = try model.scheduler(SchedulerOptions(cacheMemory: 2 * page))
    #expect(scheduler.context == 128)
    let refusal = #expect(throws: SparrowError.self) {
      try scheduler.submit(Self.request(Self.text(129)))
    }
    #expect(refusal?.description.contains("129 tokens; expected at most 128") == true)
    let full = try await scheduler.submit(Self.request(Self.text(100), 100)).collect()
    #expect(full.result?.reason == .context && full.tokens.count == 29)
  }
}
