import Sparrow

/// A conversation as clients write it, made ready for a model's template.
struct ChatMessages: Sendable {
  struct Call: Sendable {
    var id: String?
    var name: String
    /// JSON as text.
    var arguments: String
  }

  struct Message: Sendable {
    var role: String
    var text: String
    var calls: [Call] = []
    /// The call that a function's result answers.
    var callID: String?
    var name: String?
  }

  var messages: [Message]

  private enum Role: String, CaseIterable {
    case system
    case developer
    case user
    case assistant
    case tool
    case function
  }

  init(_ messages: [Message] = []) { self.messages = messages }

  /// Reads a field of messages. Throws for none, and for roles and parts that are no text.
  init(_ fields: RequestFields, _ name: String = "messages") throws(APIError) {
    guard let items = try fields.list(name), !items.isEmpty else {
      throw fields.refusal(name, "a list of messages")
    }
    messages = []
    for (index, item) in items.enumerated() {
      guard item.members != nil else { throw fields.refusal(name, "a list of objects") }
      messages.append(try Self.message(RequestFields(item, path: "\(name)[\(index)].")))
    }
  }

  /// Reads one message.
  static func message(_ fields: RequestFields) throws(APIError) -> Message {
    guard let role = try fields.word("role", Role.self) else {
      throw fields.refusal("role", "system, user, assistant or tool")
    }
    let known = role == .developer ? .system : role == .function ? .tool : role
    var message = Message(role: known.rawValue, text: try text(fields, "content"))
    message.callID = try fields.text("tool_call_id")
    message.name = try fields.text("name")
    for (index, json) in (try fields.list("tool_calls") ?? []).enumerated() {
      let call = RequestFields(json, path: fields.path + "tool_calls[\(index)].")
      guard let function = try call.object("function"), let name = try function.text("name") else {
        throw call.refusal("function", "an object with a name and arguments")
      }
      message.calls.append(
        Call(
          id: try call.text("id"), name: name, arguments: try function.text("arguments") ?? "{}"))
    }
    return message
  }

  /// A text, or the texts of a list of parts.
  static func text(_ fields: RequestFields, _ name: String) throws(APIError) -> String {
    guard let content = fields[name] else { return "" }
    if let text = content.string { return text }
    guard let parts = content.array else { throw fields.refusal(name, "a text or a list of parts") }
    var texts: [String] = []
    for (index, part) in parts.enumerated() {
      let part = RequestFields(part, path: fields.path + "\(name)[\(index)].")
      let kind = part["type"]?.string ?? "text"
      guard ["text", "input_text", "output_text"].contains(kind), let text = try part.text("text")
      else { throw part.refusal("type", "a part of type text: this model reads nothing else") }
      texts.append(text)
    }
    return texts.joined(separator: "\n")
  }

  /// For a template that knows functions.
  var json: JSON { .array(messages.map(Self.json)) }

  private static func json(_ message: Message) -> JSON {
    var members: [(key: String, value: JSON)] = [
      ("role", .string(message.role)), ("content", .string(message.text)),
    ]
    if let name = message.name { members.append(("name", .string(name))) }
    if let id = message.callID { members.append(("tool_call_id", .string(id))) }
    if !message.calls.isEmpty {
      let calls = message.calls.map { call -> JSON in
        [
          "type": "function", "id": call.id.map { .string($0) } ?? .null,
          "function": ["name": .string(call.name), "arguments": arguments(call)],
        ]
      }
      members.append(("tool_calls", .array(calls)))
    }
    return .object(members)
  }

  /// Templates want arguments as an object; what is none stays the text that it was.
  private static func arguments(_ call: Call) -> JSON {
    (try? JSON.parse(call.arguments)) ?? .string(call.arguments)
  }

  /// For a template that knows nothing of functions: calls and results become text.
  func plain(_ format: ToolFormat) -> ChatMessages {
    ChatMessages(
      messages.map { message in
        let calls = message.calls.map { call in
          format.text(name: call.name, arguments: Self.arguments(call))
        }
        let texts = ([message.text] + calls).filter { !$0.isEmpty }
        if message.role == "tool" {
          let result = "<tool_response>\n" + message.text + "\n</tool_response>"
          return Message(role: "user", text: result)
        }
        return Message(role: message.role, text: texts.joined(separator: "\n"))
      })
  }
}
