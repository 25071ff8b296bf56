import SparrowCore
import SparrowEngine
import SparrowTestSupport
import Testing

@testable import Sparrow

/// A scheduler's turns, taken one by one.
@Suite struct FairnessTests {
  let model: Model
  let inbox = Inbox()
  let loop: SchedulerLoop

  init() throws {
    model = try ScheduledModel.load(rows: 16)
    let pool = try model.backend.pagePool(type: .f16, limit: 1 << 22)
    loop = SchedulerLoop(
      model, SchedulerOptions(parallel: 8), context: 256, pool: pool, inbox: inbox)
  }

  private func add(
    _ prompt: Int, tokens: Int, of model: Model? = nil
  ) throws -> ScheduledRequest {
    let model = model ?? self.model
    let request = GenerationRequest(
      prompt: (0..<prompt).map { Int32((7 * $0 + prompt) % 100) },
      options: GenerationOptions(maximumTokens: tokens, ignoresEnd: true))
    let scheduled = try ScheduledRequest(request, of: model, context: 256, bell: inbox.bell)
    try inbox.add(scheduled, limit: 100, parallel: 0)
    return scheduled
  }

  private func turn() -> Bool {
    _ = loop.takeIn()
    return loop.turn()
  }

  @Test("between two tokens of a stream there is at most one piece of prompts")
  func bound() throws {
    let stream = try add(4, tokens: 60)
    #expect(turn())
    let prompts = try [100, 90, 37, 5].map { try add($0, tokens: 3) }
    var last = loop.statistics.promptSteps
    var count = stream.tokens.count
    while !stream.isFinished {
      #expect(turn())
      guard stream.tokens.count > count else { continue }
      count = stream.tokens.count
      #expect(loop.statistics.promptSteps - last <= 1)
      last = loop.statistics.promptSteps
    }
    #expect(prompts.allSatisfy { $0.isFinished })
    // 4 alone, then 232 in full pieces of 16.
    #expect(loop.statistics.promptSteps == 1 + 15)
  }

  @Test("first come, first served: an earlier prompt's first token is no later")
  func order() throws {
    let requests = try [40, 20, 3].map { try add($0, tokens: 8) }
    var waiting = requests[...]
    while let first = waiting.first {
      #expect(turn())
      if first.tokens.count > first.request.prompt.count { waiting.removeFirst() }
      let begun = waiting.map { $0.tokens.count > $0.request.prompt.count }
      #expect(begun.first != false || !begun.contains(true))
    }
  }

  @Test("a lagging reader's request rests, and gives its place to others, but no page")
  func lagging() throws {
    let lagging = try add(4, tokens: 200)
    while !lagging.isLagging { #expect(turn()) }
    #expect(lagging.tokens.count == 4 + Mailbox.capacity)
    #expect(!turn())
    let others = try (0..<8).map { try add(5 + $0, tokens: 4) }
    while turn() {}
    #expect(others.allSatisfy { $0.isFinished })
    #expect(loop.statistics.preemptions == 0)
    #expect(lagging.filled == 3 + Mailbox.capacity && lagging.tokens.count == 4 + Mailbox.capacity)
    lagging.mailbox.cancel()
    #expect(!turn())
    #expect(lagging.isFinished)
  }

  @Test("readers that lag are none of those who wait")
  func laggingQueue() async throws {
    let lagging = try (0..<8).map { try add(4 + $0, tokens: 200) }
    while turn() {}
    #expect(lagging.allSatisfy { $0.isLagging })
    let others = try (0..<8).map { try add(5 + $0, tokens: 4) }
    while turn() {}
    #expect(others.allSatisfy { $0.isFinished })
    _ = loop.takeIn()
    #expect(inbox.statistics.waiting == 0)
    // They go on in their turn when they are read.
    let tasks = lagging.map { request in
      Task { try await GenerationStream(request.mailbox).collect() }
    }
    while !lagging.allSatisfy({ $0.isFinished }) {
      _ = turn()
      // Readers are tasks: they want this thread where there are few.
      await Task.yield()
    }
    for task in tasks { _ = try await task.value }
    #expect(lagging.allSatisfy { $0.tokens.count == $0.request.prompt.count + 200 })
    #expect(loop.statistics.preemptions == 0)
  }

  @Test("a stream whose text becomes a long one runs it anew in pieces, beside others' tokens")
  func longTexts() throws {
    let model = try ScheduledModel.load("phi3-long", rows: 4)
    let beyond = try #require(model.configuration.longRotaryBeyond)
    let pool = try model.backend.pagePool(type: .f16, limit: 1 << 22)
    let loop = SchedulerLoop(
      model, SchedulerOptions(parallel: 4), context: 256, pool: pool, inbox: inbox)
    let long = try add(beyond - 4, tokens: 40, of: model)
    let other = try add(3, tokens: 40, of: model)
    _ = loop.takeIn()
    while long.filled < beyond { #expect(loop.turn()) }
    let (pieces, tokens, count) =
      (loop.statistics.promptSteps, other.tokens.count, long.tokens.count)
    while long.tokens.count == count { #expect(loop.turn()) }
    #expect(loop.statistics.promptSteps - pieces == beyond / 4)
    #expect(other.tokens.count - tokens >= beyond / 4)
  }
}
