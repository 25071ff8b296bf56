import Sparrow

/// A request for a response, read and checked.
struct ResponseQuestion: Sendable {
  let id = Identifier.make("resp_")
  let created = ModelService.now
  let options: AnswerOptions
  let prompt: [Int32]
  let parser: ToolCallParser
  /// What the response repeats of its request.
  let repeated: [(key: String, value: JSON)]

  init(_ fields: RequestFields, _ service: ModelService) throws(APIError) {
    for name in ["previous_response_id", "conversation"] where fields[name] != nil {
      throw fields.refusal(name, "none: this server keeps no answers")
    }
    if try fields.bool("background") {
      throw fields.refusal("background", "false: answers are given at once")
    }
    var options = try AnswerOptions(fields, service)
    options.maximumTokens = try fields.int("max_output_tokens", in: 0...1 << 30)
    guard options.choices == 1 else { throw fields.refusal("n", "1") }
    let tools = try ToolSet(fields)
    let format = ToolFormat(service.tokenizer.chatTemplate)
    let text = try fields.object("text")
    let answer = try AnswerGrammar.read(try text?.object("format"), inner: nil)
    if let grammar = tools.grammar(format, or: answer) {
      options.constraint = try service.constraint(
        grammar, field: answer == nil ? "tools" : "text.format")
    }
    var messages = try Self.messages(fields)
    if let instructions = try fields.text("instructions") {
      messages.messages.insert(.init(role: "system", text: instructions), at: 0)
    }
    prompt = try service.prompt(messages, tools, field: "input")
    parser = ToolCallParser(format, tools)
    repeated = [
      ("instructions", fields["instructions"] ?? .null),
      ("max_output_tokens", .optional(options.maximumTokens)),
      ("metadata", fields["metadata"] ?? .object([])),
      ("parallel_tool_calls", false), ("previous_response_id", .null), ("store", false),
      ("temperature", .number(Double(options.sampling.temperature))),
      ("text", fields["text"] ?? ["format": ["type": "text"]]),
      ("tool_choice", fields["tool_choice"] ?? "auto"), ("tools", fields["tools"] ?? []),
      ("top_p", .number(Double(options.sampling.topP))), ("truncation", "disabled"),
      ("user", fields["user"] ?? .null),
    ]
    self.options = options
  }

  /// The conversation: a text of the user, or a list of messages, calls and their results.
  private static func messages(_ fields: RequestFields) throws(APIError) -> ChatMessages {
    let expected = "a text, or a list of messages and calls"
    if let text = fields["input"]?.string {
      return ChatMessages([.init(role: "user", text: text)])
    }
    guard let items = fields["input"]?.array, !items.isEmpty else {
      throw fields.refusal("input", expected)
    }
    var messages: [ChatMessages.Message] = []
    for (index, item) in items.enumerated() {
      let item = RequestFields(item, path: "input[\(index)].")
      switch item["type"]?.string ?? "message" {
      case "message": messages.append(try ChatMessages.message(item))
      case "function_call":
        let call = ChatMessages.Call(
          id: try item.text("call_id"), name: try item.text("name") ?? "",
          arguments: try item.text("arguments") ?? "{}")
        messages.append(.init(role: "assistant", text: "", calls: [call]))
      case "function_call_output":
        messages.append(
          .init(
            role: "tool", text: try ChatMessages.text(item, "output"),
            callID: try item.text("call_id")))
      // What a model thought before is no part of a conversation.
      case "reasoning": continue
      default:
        throw item.refusal("type", "message, function_call or function_call_output")
      }
    }
    return ChatMessages(messages)
  }
}
