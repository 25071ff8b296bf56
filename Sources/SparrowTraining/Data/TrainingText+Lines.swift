import SparrowCore
import SparrowTemplates

extension TrainingText {
  /// A document for each line that is not blank.
  static func readLines(
    _ file: MappedFile, _ body: (TrainingDocument, Int) throws(SparrowError) -> Void
  ) throws(SparrowError) {
    let lines = TextLines(file.bytes, from: start(of: file.bytes))
    for line in lines {
      guard let json = try lines.json(line, file: file.path) else { continue }
      let document = TrainingDocument(
        content: try content(json, file: file.path, line: line.number), file: file.path,
        line: line.number)
      try body(document, line.range.upperBound)
    }
  }

  static func content(
    _ json: JSON, file: String, line: Int
  ) throws(SparrowError) -> TrainingDocument.Content {
    func refuse(_ field: String, _ expected: String) -> SparrowError {
      let value = field.isEmpty ? json : json[field]
      return SparrowError(
        .malformed, file: file, field: "line \(line)" + (field.isEmpty ? "" : ": " + field),
        found: value.map { String($0.text().prefix(40)) } ?? "nothing", expected: expected)
    }
    if json["text"] != nil {
      guard let text = json["text"]?.string else { throw refuse("text", "a text") }
      return .text(text)
    }
    if json["messages"] != nil {
      let messages = (json["messages"]?.array ?? []).map { message -> ChatMessage? in
        guard let role = message["role"]?.string, let content = message["content"]?.string else {
          return nil
        }
        return ChatMessage(role: role, content: content)
      }
      guard !messages.contains(nil), messages.contains(where: { $0?.role == "assistant" }) else {
        throw refuse(
          "messages", "objects of role and content, both texts, one of them of the assistant")
      }
      return .conversation(messages.compactMap { $0 })
    }
    guard json["prompt"] != nil || json["completion"] != nil else {
      throw refuse("", "an object with text, with messages, or with prompt and completion")
    }
    guard let prompt = json["prompt"]?.string else { throw refuse("prompt", "a text") }
    guard let answer = json["completion"]?.string else { throw refuse("completion", "a text") }
    return .conversation([.user(prompt), .assistant(answer)])
  }
}
