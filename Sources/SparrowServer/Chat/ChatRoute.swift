import Sparrow

/// `/v1/chat/completions`.
struct ChatRoute: Sendable {
  let service: ModelService

  func answer(_ request: ServerRequest) async throws -> ServerAnswer {
    let question = try ChatQuestion(RequestFields(body: request.body), service)
    let running = try question.run(for: request, service)
    if question.options.isStreamed {
      let chunks = ChatChunks(question, service)
      return ServerAnswer { send in try await chunks.write(running, send) }
    }
    let keepsTokens = question.options.logProbabilities != nil
    var choices = Array(repeating: ChatChoice(question.parser), count: question.options.choices)
    var activity: [TokenActivity] = []
    try await running.forEach { event in
      guard case .piece(let index, let piece) = event else { return }
      _ = choices[index].take(piece, keepsTokens: keepsTokens)
      activity += piece.activity
    }
    return ServerAnswer(json(choices, activity, question))
  }

  private func json(
    _ choices: [ChatChoice], _ activity: [TokenActivity], _ question: ChatQuestion
  ) -> JSON {
    var usage = Usage()
    var told: [JSON] = []
    for (index, choice) in choices.enumerated() {
      if let result = choice.result { usage.add(result, countsPrompt: index == 0) }
      let tokens: JSON =
        question.options.logProbabilities == nil
        ? .null
        : ["content": .array(choice.tokens.map { $0.chatJSON(service.tokenizer) })]
      told.append([
        "index": .integer(index), "message": choice.message, "logprobs": tokens,
        "finish_reason": .string(choice.finishReason),
      ])
    }
    var members: [(key: String, value: JSON)] = [
      ("id", .string(Identifier.make("chatcmpl-"))), ("object", "chat.completion"),
      ("created", .integer(ModelService.now)), ("model", .string(service.options.name)),
      ("system_fingerprint", .string(service.fingerprint)),
      ("choices", .array(told)), ("usage", usage.json),
    ]
    if question.options.tellsActivity {
      members.append(("sparrow", ActivityText(service.model).json(activity)))
    }
    return .object(members)
  }
}
