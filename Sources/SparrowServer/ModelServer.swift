internal import SparrowCore

/// Answers requests about one model: a function from requests to answers, without a socket.
struct ModelServer: Sendable {
  func answer(_ request: ServerRequest) async -> ServerAnswer {
    if request.path == "/" { return Playground.answer }
    guard request.path == "/health" else {
      return ServerAnswer(status: 404, text: "not found\n", type: "text/plain")
    }
    let facts: JSON = ["status": "ok", "version": .string(sparrowVersion)]
    return ServerAnswer(text: facts.text() + "\n", type: "application/json")
  }
}
