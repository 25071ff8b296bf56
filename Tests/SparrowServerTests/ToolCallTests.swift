import Sparrow
import Testing

@testable import SparrowServer

@Suite struct ToolCallTests {
  private func tools(_ names: [String]) throws -> ToolSet {
    let tools = names.map { #"{"type": "function", "function": {"name": "\#($0)"}}"# }
    let body = #"{"tools": [\#(tools.joined(separator: ","))]}"#
    return try ToolSet(RequestFields(body: Array(body.utf8)))
  }

  private func format(_ source: String) throws -> ToolFormat {
    ToolFormat(try ChatTemplate(source: source, file: "test"))
  }

  /// Parts, each kind's texts joined, of a text that comes in pieces of some size.
  private func parts(_ text: String, _ size: Int, _ format: ToolFormat) throws -> [AnswerPart] {
    var parser = ToolCallParser(format, try tools(["f", "g"]))
    var parts: [AnswerPart] = []
    var rest = text[...]
    while !rest.isEmpty {
      parts += parser.take(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return (parts + parser.finish()).reduce(into: []) { joined, part in
      switch (joined.last, part) {
      case (.text(let a), .text(let b)): joined[joined.count - 1] = .text(a + b)
      case (.arguments(let a), .arguments(let b)): joined[joined.count - 1] = .arguments(a + b)
      default: joined.append(part)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func callsAreFoundHoweverTheyAreCut(_ size: Int) throws {
    let first =
      #"<tool_call>\#n{"name": "f", "arguments": {"a": "}\"{", "b": [{}]}}\#n</tool_call>"#
    let second = #"<tool_call>{"name":"g","arguments":{}}</tool_call>"#
    #expect(
      try parts("Well <t> " + first + "\n" + second, size, format("tools <tool_call>")) == [
        .text("Well <t> "), .call(name: "f"), .arguments(#"{"a": "}\"{", "b": [{}]}"#),
        .call(name: "g"), .arguments("{}"),
      ])
    let bare = #" {"name": "g", "parameters": {"x": 1}}"#
    #expect(
      try parts(bare, size, format(#"tools "parameters""#)) == [
        .call(name: "g"), .arguments(#"{"x": 1}"#),
      ])
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func textAfterACallIsWholeHoweverItIsCut(_ size: Int) throws {
    let call: [AnswerPart] = [.call(name: "f"), .arguments("{}")]
    let bare = #"{"name": "f", "parameters": {}} a\#n\#nb  "#
    #expect(
      try parts(bare, size, format(#"tools "parameters""#)) == call + [.text("a\n\nb  ")])
    let tagged = #"<tool_call>{"name": "f", "arguments": {}}</tool_call>"# + "\n"
    let format = try format("tools <tool_call>")
    #expect(try parts(tagged, size, format) == call)
    for text in ["\na\n\n b\n", " <tool_call>hello"] {
      #expect(try parts(tagged + text, size, format) == call + [.text("\n" + text)])
    }
  }

  @Test(arguments: [
    "{}", #"{"type": null}"#, #"{"type": ["object", "null"]}"#, #"{"type": "object"}"#,
  ])
  func argumentsAreAnObject(_ schema: String) throws {
    let body = #"{"type": "function", "name": "f", "parameters": \#(schema)}"#
    let tool = try Tool(RequestFields(body: Array(body.utf8)))
    #expect(tool.parameters == ["type": "object"])
    #expect(tool.json["function", "parameters"] == (try JSON.parse(schema)))
  }

  @Test(arguments: [
    "<tool_call>{\"name\": \"other\", \"arguments\": {}}</tool_call>", "<tool_call>hello",
    "a < b <tool", "<tool_call>{\"name\": 3", "{\"name\": \"f\"}", "<tool_call>",
    "<tool_call>{\"name\": \"f\", \"arguments\": 3}",
  ])
  func whatIsNoCallStaysText(_ text: String) throws {
    for size in [1, 4, 1000] {
      #expect(try parts(text, size, format("tools <tool_call>")) == [.text(text)])
    }
  }
}
