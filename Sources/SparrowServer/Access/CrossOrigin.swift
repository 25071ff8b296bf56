/// Whose pages may ask from a browser.
struct CrossOrigin: Sendable {
  let origins: [String]

  /// The headers that let the request's page read the answer; none for pages that may not.
  func headers(for request: ServerRequest) -> [(name: String, value: String)] {
    guard let origin = request[header: "origin"] else { return [] }
    if origins.contains("*") { return [("access-control-allow-origin", "*")] }
    guard origins.contains(origin) else { return [("vary", "origin")] }
    return [("access-control-allow-origin", origin), ("vary", "origin")]
  }

  /// The answer to a browser that asks before it asks; nil for any other request.
  func preflight(_ request: ServerRequest) -> ServerAnswer? {
    guard !origins.isEmpty, request.method == "OPTIONS",
      request[header: "access-control-request-method"] != nil
    else { return nil }
    var answer = ServerAnswer(status: 204, type: "text/plain", [])
    answer.headers = [
      ("access-control-allow-methods", "GET, POST, OPTIONS"),
      ("access-control-allow-headers", "authorization, content-type, x-api-key, x-request-id"),
      ("access-control-max-age", "600"),
    ]
    return answer
  }
}
