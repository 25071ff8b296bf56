/// One turn of a conversation.
public struct ChatMessage: Sendable, Equatable {
  /// Who speaks: `user`, `assistant`, `system` or what else the model's template knows.
  public var role: String
  public var content: String

  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }

  public static func user(_ content: String) -> ChatMessage {
    ChatMessage(role: "user", content: content)
  }

  public static func system(_ content: String) -> ChatMessage {
    ChatMessage(role: "system", content: content)
  }

  public static func assistant(_ content: String) -> ChatMessage {
    ChatMessage(role: "assistant", content: content)
  }

  /// Compares bytes: messages that differ only in Unicode normalisation are different prompts.
  public static func == (a: ChatMessage, b: ChatMessage) -> Bool {
    a.role.utf8.elementsEqual(b.role.utf8) && a.content.utf8.elementsEqual(b.content.utf8)
  }
}
