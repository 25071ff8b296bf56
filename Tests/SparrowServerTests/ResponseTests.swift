import Sparrow
import Testing

@testable import SparrowServer

@Suite struct ResponseTests {
  private let path = "/v1/responses"
  private let tiny: TestServer

  init() throws { tiny = try TestServer() }

  private func body(_ more: [(key: String, value: JSON)] = []) -> JSON {
    .object(
      [("input", "the cat"), ("temperature", 0), ("max_output_tokens", 12)] + more)
  }

  @Test func aResponseIsAChatsAnswer() async throws {
    let chat: JSON = [
      "messages": [["role": "user", "content": "the cat"]], "temperature": 0, "max_tokens": 12,
    ]
    let told = try await tiny.json("/v1/chat/completions", chat)
    let response = try await tiny.json(path, body())
    #expect(
      response["output", 0, "content", 0, "text"] == told["choices", 0, "message", "content"])
    #expect(response["usage", "output_tokens"] == told["usage", "completion_tokens"])
    let list: JSON = [["role": "user", "content": [["type": "input_text", "text": "the cat"]]]]
    let listed = try await tiny.json(path, body([("input", list)]))
    #expect(listed["output", 0, "content"] == response["output", 0, "content"])
    #expect(response["id"].string?.hasPrefix("resp_") == true)
    #expect(response["output", 0, "id"].string?.hasPrefix("msg_") == true)
  }

  @Test func eventsAreNumberedAndEndWithTheWhole() async throws {
    let whole = try await tiny.json(path, body())
    let events = try await tiny.events(path, body([("stream", true)]))
    #expect(events.map { $0["sequence_number"]?.int } == Array(0..<events.count))
    let kinds = events.map { $0["type"]?.string ?? "" }
    #expect(kinds.prefix(2) == ["response.created", "response.in_progress"])
    let text = events.filter { $0["type"] == "response.output_text.delta" }
      .map { $0["delta"]?.string ?? "" }.joined()
    #expect(.string(text) == whole["output", 0, "content", 0, "text"])
    #expect(events.last?["response", "output", 0, "content"] == whole["output", 0, "content"])
    #expect(events.last?["type"] == .string("response." + (whole["status"]?.string ?? "")))
  }

  @Test func functionsAreItems() async throws {
    let tiny = try TestServer(template: TestServer.toolTemplate)
    let tool: JSON = [
      "type": "function", "name": "f",
      "parameters": ["type": "object", "properties": [:], "additionalProperties": false],
    ]
    let more: [(key: String, value: JSON)] = [
      ("tools", [tool]), ("tool_choice", ["type": "function", "name": "f"]),
      ("max_output_tokens", 200),
    ]
    let whole = try await tiny.json(path, body(more))
    #expect(whole["output", 0, "type"] == "function_call")
    #expect(whole["output", 0, "name"] == "f" && whole["output", 0, "arguments"] == "{}")
    let events = try await tiny.events(path, body(more + [("stream", true)]))
    let done = events.first { $0["type"] == "response.function_call_arguments.done" }
    #expect(done?["arguments"] == "{}")
  }

  @Test func whatHoldsNoMessageIsRefused() async throws {
    let body: JSON = [
      "input": [["type": "reasoning"]], "tools": [["type": "function", "name": "f"]],
    ]
    let answer = await tiny.ask(path, body.text())
    #expect(answer.status == 400)
    #expect(try answer.json["error", "param"] == "input")
  }

  @Test(arguments: [
    ("previous_response_id", "\"resp_1\""), ("background", "true"), ("input", "[]"),
    ("input[0].type", #"[{"type": "image"}]"#), ("max_output_tokens", "-1"),
    ("text.format.schema", #"{"format": {"type": "json_schema"}}"#),
  ])
  func whatNeedsMemoryIsRefused(_ name: String, _ value: String) async throws {
    let field = String(name.prefix { $0 != "[" && $0 != "." })
    let input = field == "input" ? "" : #""input": "a", "#
    let answer = await tiny.ask(path, "{\(input)\"\(field)\": \(value)}")
    #expect(answer.status == 400)
    #expect(try answer.json["error", "param"] == .string(name))
  }
}
