import Sparrow

/// Answers requests about one model: a function from requests to answers, without a socket.
struct ModelServer: Sendable {
  private typealias Handler = @Sendable (ServerRequest) async throws -> ServerAnswer

  private struct Route {
    let method: String
    let path: String
    let isPublic: Bool
    let handler: Handler
  }

  let service: ModelService
  private let keys: APIKeys
  private let origins: CrossOrigin
  private let routes: [Route]

  init(_ scheduler: Scheduler, _ options: ServerOptions) {
    let service = ModelService(scheduler, options)
    self.service = service
    keys = APIKeys(options.keys)
    origins = CrossOrigin(origins: options.origins)
    func get(
      _ path: String, isPublic: Bool = false, _ answer: @escaping @Sendable () -> ServerAnswer
    ) -> Route {
      Route(method: "GET", path: path, isPublic: isPublic) { _ in answer() }
    }
    func post(_ path: String, _ handler: @escaping Handler) -> Route {
      Route(method: "POST", path: path, isPublic: false, handler: handler)
    }
    let tokens = TokenRoutes(service: service)
    routes = [
      get("/health", isPublic: true) {
        ServerAnswer(["status": "ok", "version": .string(sparrowVersion)])
      },
      get("/", isPublic: true) { Playground.answer },
      get("/v1/models") { ModelRoutes(service: service).list },
      get("/v1/sparsity") { SparsityRoute(service: service).answer },
      get("/metrics") { MetricsRoute(service: service).answer },
      get("/tokenizer_info") { tokens.information },
      post("/tokenize") { try tokens.tokenize($0) },
      post("/detokenize") { try tokens.detokenize($0) },
      post("/v1/chat/completions") { try await ChatRoute(service: service).answer($0) },
      post("/v1/completions") { try await CompletionRoute(service: service).answer($0) },
      post("/v1/responses") { try await ResponseRoute(service: service).answer($0) },
      Route(method: "GET", path: "/v1/models/", isPublic: false) { request in
        let name = request.path.dropFirst("/v1/models/".count)
        return try ModelRoutes(service: service).find(String(name))
      },
    ]
  }

  /// Whether a request's body is worth reading, by its head: a route takes it and the key is right.
  func admits(_ head: ServerRequest) -> Bool {
    guard let route = try? route(head), route.method == "POST" else { return false }
    return (try? keys.check(head)) != nil
  }

  /// The answer to a request, whatever it is. HEAD is answered as GET; whoever sends the answer
  /// leaves its body out.
  func answer(_ request: ServerRequest) async -> ServerAnswer {
    var answer: ServerAnswer
    var path = "other"
    do {
      if let preflight = origins.preflight(request) {
        answer = preflight
      } else {
        let route = try route(request)
        path = route.path
        if !route.isPublic { try keys.check(request) }
        answer = try await route.handler(request)
      }
    } catch {
      answer = Self.refusal(error).answer
    }
    service.metrics.count(route: path, status: answer.status)
    return finished(answer, request)
  }

  /// An error's answer before a route was found.
  func refuse(_ error: APIError, _ request: ServerRequest) -> ServerAnswer {
    service.metrics.count(route: "other", status: error.status)
    return finished(error.answer, request)
  }

  private func finished(_ answer: ServerAnswer, _ request: ServerRequest) -> ServerAnswer {
    var answer = answer
    answer.headers += origins.headers(for: request)
    answer.headers.append(("x-request-id", request.id))
    return answer
  }

  private static func refusal(_ error: any Error) -> APIError {
    switch error {
    case let error as APIError: error
    case let error as SparrowError: APIError(error)
    default: .stopping
    }
  }

  private func route(_ request: ServerRequest) throws(APIError) -> Route {
    let known = routes.filter { route in
      route.path == request.path
        || (route.path.hasSuffix("/") && route.path != "/" && request.path.hasPrefix(route.path))
    }
    let method = request.method == "HEAD" ? "GET" : request.method
    if let route = known.first(where: { $0.method == method }) { return route }
    if let other = known.first {
      var error = APIError(
        status: 405, "\(other.path) takes \(other.method)", code: "method_not_allowed")
      error.methods = other.method == "GET" ? "GET, HEAD" : other.method
      throw error
    }
    throw APIError(status: 404, "there is no such path", code: "not_found")
  }
}
