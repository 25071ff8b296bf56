import Sparrow

/// `/v1/responses`, without memory: nothing of an answer is kept.
struct ResponseRoute: Sendable {
  let service: ModelService

  func answer(_ request: ServerRequest) async throws -> ServerAnswer {
    let question = try ResponseQuestion(RequestFields(body: request.body), service)
    let running = try RunningChoices(
      [question.options.request(question.prompt, choice: 0, service)], for: request.client,
      service, promptField: "input")
    let model = service.options.name
    if question.options.isStreamed {
      return ServerAnswer { send in
        var events = ResponseEvents(question, model: model)
        try await events.write(running, send)
      }
    }
    var response = ResponseText(question, model: model)
    try await running.forEach { event in
      if case .piece(_, let piece) = event { _ = response.take(piece) }
    }
    return ServerAnswer(response.json)
  }
}
