import Sparrow

/// One answer of a chat as it comes.
struct ChatChoice {
  private var parser: ToolCallParser
  private(set) var text = ""
  private(set) var calls: [ChatMessages.Call] = []
  private(set) var tokens: [GeneratedToken] = []
  private(set) var result: GenerationResult?

  init(_ parser: ToolCallParser) { self.parser = parser }

  /// Takes a piece and gives what it adds; keeps the tokens where they are to be told.
  mutating func take(_ piece: GenerationPiece, keepsTokens: Bool) -> [AnswerPart] {
    if keepsTokens { tokens += piece.tokens }
    result = piece.result
    var parts = parser.take(piece.text)
    if piece.result != nil { parts += parser.finish() }
    for part in parts {
      switch part {
      case .text(let more): text += more
      case .call(let name):
        calls.append(.init(id: Identifier.make("call_"), name: name, arguments: ""))
      case .arguments(let more): calls[calls.count - 1].arguments += more
      }
    }
    return parts
  }

  /// Why it ended, in OpenAI's word.
  var finishReason: String {
    let word = result?.reason.word ?? "stop"
    return word == "stop" && !calls.isEmpty ? "tool_calls" : word
  }

  /// The whole message.
  var message: JSON {
    var members: [(key: String, value: JSON)] = [
      ("role", "assistant"),
      ("content", text.isEmpty && !calls.isEmpty ? .null : .string(text)),
      ("refusal", .null),
    ]
    if !calls.isEmpty {
      let calls = calls.map { call -> JSON in
        [
          "id": .string(call.id ?? ""), "type": "function",
          "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
        ]
      }
      members.append(("tool_calls", .array(calls)))
    }
    return .object(members)
  }
}
