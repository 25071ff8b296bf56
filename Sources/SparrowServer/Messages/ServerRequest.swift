/// A request as routes see it, whoever carries it.
struct ServerRequest: Sendable {
  var method: String
  /// Without the query, as it was sent.
  var path: String
  var body: [UInt8] = []
}
