import SparrowCore

/// What a route answers.
struct ServerAnswer: Sendable {
  /// Writes a stream's events one after the other; `send` returns when the client may take more.
  typealias Events = @Sendable (_ send: ([UInt8]) async throws -> Void) async throws -> Void

  enum Body: Sendable {
    case bytes([UInt8])
    case events(Events)
  }

  var status = 200
  var headers: [(name: String, value: String)]
  var body: Body

  init(status: Int = 200, type: String, _ bytes: [UInt8]) {
    self.status = status
    headers = [("content-type", type)]
    body = .bytes(bytes)
  }

  init(status: Int = 200, _ json: JSON) {
    self.init(status: status, type: "application/json", Array(json.text().utf8))
  }

  /// Server-sent events.
  init(events: @escaping Events) {
    // Proxies that gather answers would undo a stream.
    headers = [
      ("content-type", "text/event-stream"), ("cache-control", "no-cache"),
      ("x-accel-buffering", "no"),
    ]
    body = .events(events)
  }
}
