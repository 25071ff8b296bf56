import Sparrow

/// Writes a stream of completions.
struct CompletionChunks: Sendable {
  private let question: CompletionQuestion
  private let service: ModelService
  private let events: EventBytes
  private let activity: ActivityText

  init(_ question: CompletionQuestion, _ service: ModelService) {
    self.question = question
    self.service = service
    activity = ActivityText(service.model)
    events = EventBytes(
      id: Identifier.make("cmpl-"), object: "text_completion", service: service,
      created: ModelService.now, tellsUsage: question.options.tellsUsage)
  }

  func write(_ running: RunningChoices, _ send: ([UInt8]) async throws -> Void) async throws {
    var choices = (0..<question.count).map { CompletionChoice(question, $0, service) }
    var usage = Usage()
    try await running.forEach { event in
      guard case .piece(let index, let piece) = event else {
        return try await send(EventBytes.ping)
      }
      choices[index].take(piece)
      if let result = piece.result { usage.add(result, countsPrompt: question.isFirst(index)) }
      let sparrow =
        question.options.tellsActivity && !piece.activity.isEmpty
        ? activity.json(piece.activity) : nil
      let text = choices[index].takeText()
      let isWorthIt =
        !text.isEmpty || piece.result != nil || sparrow != nil
        || question.options.logProbabilities != nil
      guard isWorthIt else { return }
      var chunk = JSONBytes()
      events.write(index, finish: piece.result?.reason.word, into: &chunk, sparrow: sparrow) {
        $0.raw("\"text\":")
        $0.string(text)
        $0.raw(",\"logprobs\":")
        $0.value(choices[index].takeProbabilities())
      }
      try await send(chunk.bytes)
    }
    var last = JSONBytes()
    events.end(usage.json, into: &last)
    try await send(last.bytes)
  }
}
