import Sparrow

/// How a model writes calls of functions.
struct ToolFormat: Sendable, Equatable {
  /// What stands before and after a call; empty where a whole answer is the call.
  let opening: String
  let closing: String
  /// The key of the arguments.
  let key: String

  /// As a template tells its model to write them: bare, as Llama 3.1 and later, or between tags, as
  /// Qwen, Hermes and many others.
  init(_ template: ChatTemplate?) {
    let source = template?.source ?? ""
    let isBare = source.contains("\"parameters\"") && !source.contains("<tool_call>")
    opening = isBare ? "" : "<tool_call>"
    closing = isBare ? "" : "</tool_call>"
    key = isBare ? "parameters" : "arguments"
  }

  /// Whether a template shows its model the functions that there are.
  static func isKnown(to template: ChatTemplate?) -> Bool {
    template?.source.contains("tools") ?? false
  }

  /// A call as the model would write it.
  func text(name: String, arguments: JSON) -> String {
    let call: JSON = .object([
      (key: "name", value: .string(name)), (key: key, value: arguments),
    ])
    return opening + "\n" + call.text() + "\n" + closing
  }

  /// One call of one of some functions.
  func grammar(_ tools: [Tool]) -> TextGrammar {
    .sequence([.literal(opening), afterOpening(tools)])
  }

  /// Free text, in which a call may stand; nil where nothing tells them apart.
  func optional(_ tools: [Tool]) -> TextGrammar? {
    opening.isEmpty ? nil : .text(until: opening, then: afterOpening(tools))
  }

  private func afterOpening(_ tools: [Tool]) -> TextGrammar {
    let calls = TextGrammar.choice(
      tools.map { .functionCall(name: $0.name, arguments: $0.parameters, key: key) })
    if opening.isEmpty { return calls }
    return .sequence([.literal("\n"), calls, .literal("\n" + closing)])
  }
}
