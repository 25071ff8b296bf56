import Sparrow
import SparrowTestSupport
import Testing

/// A scheduler over a tiny random model whose tokens are real ones.
@Suite struct SchedulerTests {
  let model: Model

  init() throws {
    model = try Model.load(
      Fixtures.path("models/smollm2"), options: LoadOptions(threads: 2, prefillTokens: 16))
  }

  private func request(_ text: String, _ count: Int = 12, seed: UInt64 = 0) -> GenerationRequest {
    GenerationRequest(
      prompt: model.tokenizer.encode(text, addSpecial: true, parseSpecial: true),
      options: GenerationOptions(
        maximumTokens: count,
        sampling: SamplingOptions(temperature: seed == 0 ? 0 : 1, topK: 0, seed: seed),
        ignoresEnd: true))
  }

  @Test func requestsTogetherGetTheTextsOfSessions() async throws {
    let scheduler = try model.scheduler(SchedulerOptions(parallel: 3, context: 64))
    let requests = (0..<7).map {
      request(String(repeating: "the cat ", count: 1 + $0), 6 + $0, seed: UInt64($0))
    }
    let streams = try requests.map { try scheduler.submit($0) }
    for (request, stream) in zip(requests, streams) {
      var found = GenerationPiece()
      for try await piece in stream {
        found.text += piece.text
        found.tokens += piece.tokens
        found.result = piece.result
      }
      let alone = try model.session(context: 64).generate(
        tokens: request.prompt, options: request.options)
      #expect(found.text == alone.text && found.tokens.map(\.id) == alone.tokens)
      #expect(found.result?.text == alone.text && found.result?.reason == alone.reason)
    }
    await scheduler.stop()
    #expect(scheduler.statistics.running == 0 && scheduler.statistics.waiting == 0)
  }

  @Test("tasks that iterate one stream share its pieces, and all come to the end")
  func severalReaders() async throws {
    let scheduler = try model.scheduler(SchedulerOptions(context: 128))
    let asked = request("the cat", 100)
    let alone = try await scheduler.submit(asked).collect()
    for _ in 0..<10 {
      let stream = try scheduler.submit(asked)
      let found = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
        for _ in 0..<4 {
          group.addTask {
            var (tokens, ends) = (0, 0)
            for try await piece in stream {
              tokens += piece.tokens.count
              ends += piece.result == nil ? 0 : 1
            }
            return (tokens, ends)
          }
        }
        return try await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
      }
      #expect(found == (alone.tokens.count, 1))
    }
  }

  @Test func badRequestsAreRefused() throws {
    let scheduler = try model.scheduler(SchedulerOptions(context: 8))
    let bad: [([Int32], PlanChoice?)] = [
      ([], nil), ([1, 100_000], nil), ([-1], nil), (Array(repeating: 1, count: 9), nil),
      ([1], .sparse),
    ]
    for (prompt, plan) in bad {
      let error = #expect(throws: SparrowError.self) {
        try scheduler.submit(GenerationRequest(prompt: prompt, plan: plan))
      }
      #expect(error?.kind == .argument)
    }
  }

  @Test func aDroppedStreamEndsItsRequestAndAStoppedSchedulerTakesNone() async throws {
    let scheduler = try model.scheduler(SchedulerOptions(context: 128))
    do {
      for try await piece in try scheduler.submit(request("the", 100)) where !piece.text.isEmpty {
        break
      }
    }
    let cancelled = try scheduler.submit(request("the", 100))
    cancelled.cancel()
    var last: GenerationPiece?
    for try await piece in cancelled { last = piece }
    #expect(last?.result?.reason == .cancelled)
    await scheduler.stop(within: .seconds(5))
    #expect(scheduler.statistics.generatedTokens < 200)
    #expect(throws: SparrowError.self) { try scheduler.submit(request("the")) }
  }
}
