import Sparrow

/// The choices of one request as they are generated, side by side.
struct RunningChoices: Sendable {
  private let streams: [GenerationStream]
  private let client: ClientPresence
  private let service: ModelService

  /// What `forEach` gives.
  enum Event {
    /// A choice's next piece.
    case piece(choice: Int, GenerationPiece)
    /// Nothing has come for a while.
    case silence
  }

  /// Queues the requests; they end when the client goes.
  ///
  /// Throws what the scheduler refuses, by the name of the field that holds the prompt.
  init(
    _ requests: [GenerationRequest], for client: ClientPresence, _ service: ModelService,
    promptField: String
  ) throws(APIError) {
    var streams: [GenerationStream] = []
    do throws(SparrowError) {
      for request in requests { streams.append(try service.scheduler.submit(request)) }
    } catch {
      // The streams that are dropped here end the requests that were queued.
      var refusal = APIError(error, field: error.field == "prompt" ? promptField : nil)
      if requests.contains(where: { $0.prompt.count > service.scheduler.context }) {
        refusal.code = "context_length_exceeded"
      }
      throw refusal
    }
    self.streams = streams
    self.client = client
    self.service = service
    client.onLeaving { [streams] in
      for stream in streams { stream.cancel() }
    }
  }

  /// What one of the waiting tasks brings.
  private enum Arrival: Sendable {
    case piece(Int, GenerationPiece?, GenerationStream.AsyncIterator)
    case silence
    case timeout
    case nothing
  }

  /// Calls for every piece of every choice as they come.
  ///
  /// Throws when the time is over, the server stops or the engine fails, and what `body` throws.
  /// The next piece of a choice is taken when `body` has returned: a client that reads slowly slows
  /// its own request down.
  func forEach(_ body: (Event) async throws -> Void) async throws {
    let ping = service.options.pingInterval
    let clock = AnswerClock()
    func give(_ event: Event) async throws {
      clock.begin()
      try await body(event)
      clock.end()
    }
    try await withThrowingTaskGroup(of: Arrival.self) { group in
      defer { group.cancelAll() }
      for (index, stream) in streams.enumerated() {
        Self.wait(index, stream.makeAsyncIterator(), in: &group)
      }
      watchTime(clock, in: &group)
      group.addTask { await Self.sleep(ping) ? .silence : .nothing }
      var running = streams.count
      var isSilent = true
      while running > 0, let arrival = try await group.next() {
        switch arrival {
        case .piece(let index, let piece?, let iterator):
          isSilent = false
          if let result = piece.result { try note(result, clock) }
          try await give(.piece(choice: index, piece))
          Self.wait(index, iterator, in: &group)
        case .piece(_, nil, _): running -= 1
        case .silence:
          if isSilent { try await give(.silence) }
          isSilent = true
          group.addTask { await Self.sleep(ping) ? .silence : .nothing }
        case .timeout: throw APIError.timedOut
        case .nothing: break
        }
      }
    }
  }

  private static func wait(
    _ index: Int, _ iterator: GenerationStream.AsyncIterator,
    in group: inout ThrowingTaskGroup<Arrival, any Error>
  ) {
    group.addTask {
      var iterator = iterator
      return .piece(index, try await iterator.next(), iterator)
    }
  }

  /// Ends the requests when their time is over or their client takes nothing, also while `forEach`
  /// waits for the client.
  private func watchTime(
    _ clock: AnswerClock, in group: inout ThrowingTaskGroup<Arrival, any Error>
  ) {
    let (timeout, patience) = (service.options.timeout, service.options.idleTimeout)
    group.addTask { [streams] in
      guard await Self.sleep(timeout) else { return .nothing }
      clock.ring()
      for stream in streams { stream.cancel() }
      return .timeout
    }
    group.addTask { [client] in
      while await Self.sleep(patience / 2) {
        guard clock.waited > patience else { continue }
        client.sendAway()
        break
      }
      return .nothing
    }
  }

  /// False when it was cut short.
  private static func sleep(_ seconds: Double) async -> Bool {
    (try? await Task.sleep(for: .seconds(seconds))) != nil
  }

  private func note(_ result: GenerationResult, _ clock: AnswerClock) throws(APIError) {
    if result.reason == .cancelled {
      throw client.isGone ? .clientLeft : clock.isOver ? .timedOut : .stopping
    }
    service.metrics.note(
      firstToken: result.promptSeconds, others: result.decodeSeconds, tokens: result.tokens.count)
  }
}
