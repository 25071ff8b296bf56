import Sparrow
import SparrowTestSupport

@testable import SparrowServer

/// A server of a tiny random model, asked without a socket.
struct TestServer {
  static let template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}> "
  /// Shows the functions; calls are bare, since the model has no token for a line's end.
  static let toolTemplate = "{% if tools %}\"parameters\" {{ tools }}{% endif %}" + template

  let server: ModelServer

  init(
    _ model: Model, _ scheduling: SchedulerOptions = SchedulerOptions(context: 512),
    change: (inout ServerOptions) -> Void = { _ in }
  ) throws {
    var options = ServerOptions()
    options.name = "tiny"
    change(&options)
    server = ModelServer(try model.scheduler(scheduling), options)
  }

  init(
    template: String = Self.template, change: (inout ServerOptions) -> Void = { _ in }
  ) throws {
    try self.init(Self.model(template: template), change: change)
  }

  static func model(template: String = Self.template) throws -> Model {
    try Model.load(
      Fixtures.path("models/llama3"),
      options: LoadOptions(
        threads: 2, prefillTokens: 16, chatTemplate: ChatTemplate(source: template, file: "test")))
  }

  func ask(
    _ path: String, _ body: String? = nil, method: String? = nil,
    headers: [(String, String)] = [], client: ClientPresence = ClientPresence()
  ) async -> ServerAnswer {
    await server.answer(
      ServerRequest(
        method: method ?? (body == nil ? "GET" : "POST"), path: path, headers: headers,
        body: Array((body ?? "").utf8), client: client))
  }

  /// A right answer's JSON.
  func json(_ path: String, _ body: JSON? = nil) async throws -> JSON {
    let answer = await ask(path, body?.text())
    let json = try answer.json
    guard answer.status == 200 else { throw Refused(json: json) }
    return json
  }

  struct Refused: Error { let json: JSON }

  /// The data of a stream's events; the last is the mark of the end.
  func events(
    _ path: String, _ body: JSON, client: ClientPresence = ClientPresence()
  ) async throws -> [JSON] {
    let answer = await ask(path, body.text(), client: client)
    guard case .events(let write) = answer.body else { throw Refused(json: try answer.json) }
    var bytes: [UInt8] = []
    try await write { bytes += $0 }
    return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      guard line.hasPrefix("data: ") else { return nil }
      let data = line.dropFirst("data: ".count)
      return data == "[DONE]" ? .null : try JSON.parse(String(data))
    }
  }
}

extension ServerAnswer {
  var bytes: [UInt8] { if case .bytes(let bytes) = body { bytes } else { [] } }
  var json: JSON { get throws { try JSON.parse(bytes) } }

  subscript(header name: String) -> String? { headers.first { $0.name == name }?.value }
}

extension JSON {
  /// A way through objects and lists.
  subscript(path: (any Sendable)...) -> JSON {
    path.reduce(self) { json, step in
      if let key = step as? String { return json[key] ?? .null }
      let items = json.array ?? []
      let index = step as? Int ?? -1
      return items.indices.contains(index) ? items[index] : .null
    }
  }
}
