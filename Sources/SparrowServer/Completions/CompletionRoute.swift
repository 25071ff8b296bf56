import Sparrow

/// `/v1/completions`.
struct CompletionRoute: Sendable {
  let service: ModelService

  func answer(_ request: ServerRequest) async throws -> ServerAnswer {
    let question = try CompletionQuestion(RequestFields(body: request.body), service)
    let running = try question.run(for: request, service)
    if question.options.isStreamed {
      let chunks = CompletionChunks(question, service)
      return ServerAnswer { send in try await chunks.write(running, send) }
    }
    var choices = (0..<question.count).map { CompletionChoice(question, $0, service) }
    try await running.forEach { event in
      guard case .piece(let index, let piece) = event else { return }
      choices[index].take(piece)
    }
    var usage = Usage()
    for (index, choice) in choices.enumerated() {
      if let result = choice.result {
        usage.add(result, countsPrompt: question.isFirst(index))
      }
    }
    let told = choices.indices.map { choices[$0].json(index: $0) }
    return ServerAnswer([
      "id": .string(Identifier.make("cmpl-")), "object": "text_completion",
      "created": .integer(ModelService.now), "model": .string(service.options.name),
      "system_fingerprint": .string(service.fingerprint),
      "choices": .array(told), "usage": usage.json,
    ])
  }
}

/// One completion as it comes.
struct CompletionChoice {
  private(set) var text = ""
  private(set) var result: GenerationResult?
  private var probabilities: LegacyProbabilities?

  init(_ question: CompletionQuestion, _ index: Int, _ service: ModelService) {
    if question.echoes { text = question.prompt(of: index).text }
    if question.options.logProbabilities != nil {
      probabilities = LegacyProbabilities(service.tokenizer)
    }
  }

  mutating func take(_ piece: GenerationPiece) {
    text += piece.text
    for token in piece.prompt + piece.tokens { probabilities?.add(token) }
    result = piece.result
  }

  mutating func json(index: Int) -> JSON {
    [
      "index": .integer(index), "text": .string(takeText()), "logprobs": takeProbabilities(),
      "finish_reason": .string(result?.reason.word ?? "stop"),
    ]
  }

  /// The text that has not been told.
  mutating func takeText() -> String {
    defer { text = "" }
    return text
  }

  /// The log-probabilities that have not been told; null without.
  mutating func takeProbabilities() -> JSON { probabilities?.take() ?? .null }
}
