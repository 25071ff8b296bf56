/// Whose pages may ask from a browser.
struct CrossOrigin: Sendable {
  let origins: [String]

  /// The headers that let the request's page read the answer; none for pages that may not.
  func headers(for request: ServerRequest) -> [(name: String, value: String)] {
    guard let origin = request[header: "origin"] else { return [] }
    let readable: (name: String, value: String) = (
      "access-control-expose-headers", "x-request-id, retry-after"
    )
    if origins.contains("*") { return [("access-control-allow-origin", "*"), readable] }
    guard origins.contains(origin) else { return [("vary", "origin")] }
    return [("access-control-allow-origin", origin), readable, ("vary", "origin")]
  }

  /// The answer to a browser that asks before it asks; nil for any other request.
  ///
  /// Any header may be sent: clients bring their own, and the key decides, not they.
  func preflight(_ request: ServerRequest) -> ServerAnswer? {
    guard !origins.isEmpty, request.method == "OPTIONS",
      request[header: "access-control-request-method"] != nil
    else { return nil }
    var answer = ServerAnswer(status: 204, type: "text/plain", [])
    let asked = request[header: "access-control-request-headers"]
    answer.headers = [
      ("access-control-allow-methods", "GET, POST, OPTIONS"),
      ("access-control-allow-headers", asked ?? "authorization, content-type, x-api-key"),
      ("access-control-max-age", "600"),
    ]
    return answer
  }
}
