import SparrowCore

/// A refusal, in the shape that OpenAI's clients read.
struct APIError: Error, Sendable, Equatable {
  var status = 400
  var message: String
  /// The field at fault.
  var parameter: String?
  var code: String?
  /// The methods that a path takes, where the request's is none of them.
  var methods: String?

  init(status: Int = 400, _ message: String, parameter: String? = nil, code: String? = nil) {
    self.status = status
    self.message = message
    self.parameter = parameter
    self.code = code
  }

  /// What the engine refuses, by the name of the request's field. Files stay unnamed: they are no
  /// business of clients.
  init(_ error: SparrowError, field: String? = nil) {
    let own = String(error.field.map { $0 == "-" ? "_" : $0 })
    let expected = error.expected.isEmpty ? "" : "; expected " + error.expected
    message = (own.isEmpty ? "" : own + ": ") + error.found + expected
    parameter = field ?? (own.isEmpty ? nil : own)
    switch error.kind {
    case .busy: (status, code) = (429, "queue_full")
    case .cancelled: (status, code) = (503, "server_stopping")
    case .system: (status, code) = (503, "no_room")
    default: status = 400
    }
  }

  static let bodiesFull = APIError(
    status: 429, "the bodies of other requests fill this server's memory; ask again later",
    code: "bodies_full")

  static func tooLarge(_ limit: Int) -> APIError {
    APIError(status: 413, "the body is larger than \(limit) bytes", code: "request_too_large")
  }

  static let timedOut = APIError(
    status: 408, "the request took longer than this server allows", code: "timeout")
  /// Nobody reads this: it is for the counts alone.
  static let clientLeft = APIError(status: 499, "the client has gone", code: "client_left")
  static let stopping = APIError(
    status: 503, "this server is stopping", code: "server_stopping")

  private var type: String {
    switch status {
    case 401: "authentication_error"
    case 404: "not_found_error"
    case 429: "rate_limit_error"
    case 500...: "server_error"
    default: "invalid_request_error"
    }
  }

  var json: JSON {
    [
      "error": [
        "message": .string(message), "type": .string(type),
        "param": parameter.map { .string($0) } ?? .null, "code": code.map { .string($0) } ?? .null,
      ]
    ]
  }

  var answer: ServerAnswer {
    var answer = ServerAnswer(status: status, json)
    if status == 429 || status == 503 { answer.headers.append(("retry-after", "1")) }
    if let methods { answer.headers.append(("allow", methods)) }
    return answer
  }
}
