import Sparrow
import Testing

@testable import SparrowServer

@Suite struct ChatTests {
  private let path = "/v1/chat/completions"
  private let tiny: TestServer

  init() throws { tiny = try TestServer() }

  private let weather: JSON = [
    "type": "function",
    "function": [
      "name": "weather",
      "parameters": [
        "type": "object", "properties": ["city": ["enum": ["Oslo", "Rome"]]],
        "required": ["city"], "additionalProperties": false,
      ],
    ],
  ]

  private func body(_ more: [(key: String, value: JSON)] = []) -> JSON {
    let usual: [(key: String, value: JSON)] = [
      ("messages", [["role": "user", "content": "the cat"]]), ("temperature", 0),
      ("max_tokens", 12),
    ]
    return .object(usual + more)
  }

  @Test func aStreamBeginsWithTheRoleAndGivesTheSameText() async throws {
    let whole = try await tiny.json(path, body())
    let chunks = try await tiny.events(path, body([("stream", true)]))
    #expect(chunks[0]["choices", 0, "delta", "role"] == "assistant")
    let text = chunks.map { $0["choices", 0, "delta", "content"].string ?? "" }.joined()
    #expect(.string(text) == whole["choices", 0, "message", "content"])
    #expect(Set(chunks.dropLast().map { $0["id"]?.string }).count == 1)
    #expect(chunks.allSatisfy { $0["usage"] == nil })
    let reason = chunks[chunks.count - 2]["choices", 0, "finish_reason"]
    #expect(reason == whole["choices", 0, "finish_reason"])
  }

  @Test func logProbabilitiesAreTheSameStreamedOrNot() async throws {
    let more: [(key: String, value: JSON)] = [("logprobs", true), ("top_logprobs", 2)]
    let whole = try await tiny.json(path, body(more))
    let told = whole["choices", 0, "logprobs", "content"].array!
    #expect(told.count == whole["usage", "completion_tokens"].int)
    for token in told {
      #expect(token["top_logprobs"]?.array?.count == 2)
      #expect(token["logprob"] == token["top_logprobs", 0, "logprob"])
    }
    let chunks = try await tiny.events(path, body(more + [("stream", true)]))
    #expect(chunks.flatMap { $0["choices", 0, "logprobs", "content"].array ?? [] } == told)
  }

  @Test func choicesOfAStreamKeepApart() async throws {
    let more: [(key: String, value: JSON)] = [("n", 3), ("seed", 2), ("temperature", 1.5)]
    let whole = try await tiny.json(path, body(more))
    var texts = ["", "", ""]
    for chunk in try await tiny.events(path, body(more + [("stream", true)])) {
      guard let index = chunk["choices", 0, "index"].int else { continue }
      texts[index] += chunk["choices", 0, "delta", "content"].string ?? ""
    }
    let told = (0..<3).map { whole["choices", $0, "message", "content"].string }
    #expect(texts == told)
  }

  @Test func answersHoldToASchema() async throws {
    let schema: JSON = [
      "type": "object", "properties": ["n": ["type": "integer", "minimum": 1, "maximum": 9]],
      "required": ["n"], "additionalProperties": false,
    ]
    let format: JSON = ["type": "json_schema", "json_schema": ["name": "s", "schema": schema]]
    let answer = try await tiny.json(
      path, body([("response_format", format), ("max_tokens", 60)]))
    let text = answer["choices", 0, "message", "content"].string!
    #expect((1...9).contains(try JSON.parse(text)["n"]!.int!))
  }

  @Test func functionsAreCalledStreamedOrNot() async throws {
    let tiny = try TestServer(template: TestServer.toolTemplate)
    let more: [(key: String, value: JSON)] = [
      ("tools", [weather]), ("tool_choice", "required"), ("max_tokens", 200),
    ]
    let whole = try await tiny.json(path, body(more))
    let call = whole["choices", 0, "message", "tool_calls", 0, "function"]
    #expect(call["name"] == "weather")
    let arguments = call["arguments"]?.string ?? ""
    #expect(["Oslo", "Rome"].contains(try JSON.parse(arguments)["city"]?.string))
    #expect(whole["choices", 0, "finish_reason"] == "tool_calls")
    let chunks = try await tiny.events(path, body(more + [("stream", true)]))
    let calls = chunks.map { $0["choices", 0, "delta", "tool_calls", 0] }
    #expect(calls.compactMap { $0["function", "name"].string } == ["weather"])
    #expect(calls.map { $0["function", "arguments"].string ?? "" }.joined() == arguments)
    #expect(calls.compactMap { $0["id"]?.string }.count == 1)
  }

  @Test func callsAndResultsAreReadBack() async throws {
    let messages: JSON = [
      ["role": "user", "content": "weather"],
      [
        "role": "assistant", "content": .null,
        "tool_calls": [
          ["id": "c", "type": "function", "function": ["name": "weather", "arguments": "{}"]]
        ],
      ],
      ["role": "tool", "tool_call_id": "c", "content": [["type": "text", "text": "rain"]]],
    ]
    let more: [(key: String, value: JSON)] = [("messages", messages), ("tools", [weather])]
    #expect(try await tiny.json(path, body(more))["choices", 0, "message"]["role"] == "assistant")
  }

  @Test(arguments: [
    ("messages", "[]"), ("messages", "\"hi\""), ("messages", "[3]"),
    ("messages[0].role", #"[{"role": "nobody", "content": "a"}]"#),
    ("messages[0].content[0].type", #"[{"role": "user", "content": [{"type": "image_url"}]}]"#),
    ("max_completion_tokens", "-3"), ("top_logprobs", "2"), ("logprobs", "2"),
    ("response_format.type", #"{"type": "poem"}"#),
    ("response_format", #"{"type": "json_schema", "json_schema": {"schema": {"type": "no"}}}"#),
    ("tool_choice", "\"required\""), ("tool_choice", "\"always\""),
    ("tools[0].type", #"[{"type": "browser"}]"#),
    (
      "tools[0].function.parameters.type",
      #"[{"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}]"#
    ),
    ("tools[0].function.name", #"[{"type": "function", "function": {"name": "a b"}}]"#),
  ])
  func wrongValuesAreRefusedByName(_ name: String, _ value: String) async throws {
    let field = String(name.prefix { $0 != "[" && $0 != "." })
    let messages = field == "messages" ? "" : #""messages": [{"role": "user", "content": "a"}], "#
    let answer = await tiny.ask(path, "{\(messages)\"max_tokens\": 1, \"\(field)\": \(value)}")
    #expect(answer.status == 400)
    #expect(try answer.json["error", "param"] == .string(name))
  }
}
