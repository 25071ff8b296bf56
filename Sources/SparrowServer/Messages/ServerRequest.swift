/// A request as routes see it, whoever carries it.
struct ServerRequest: Sendable {
  var method = "GET"
  /// Without the query, as it was sent.
  var path: String
  /// Names are in lower case.
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
  /// The client's own name for it, or one that was made.
  var id = Identifier.make("req-")
  var client = ClientPresence()

  /// The first header of a name in lower case.
  subscript(header name: String) -> String? { headers.first { $0.name == name }?.value }
}
