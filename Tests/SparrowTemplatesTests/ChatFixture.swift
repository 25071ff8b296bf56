import SparrowCore
import SparrowTestSupport

@testable import SparrowTemplates

/// A rendering that Jinja has made (`Fixtures.chat`).
struct ChatFixture: Sendable, CustomStringConvertible {
  let source: String
  let conversation: String
  let messages: [ChatMessage]
  let generate: Bool
  let variables: [String: JSON]
  /// The text; nil when rendering must throw.
  let expected: String?
  /// The message of the template's own exception.
  let raised: String?

  var description: String { "\(conversation) in \(source.prefix(80))" }

  static func load(_ name: String) throws -> [ChatFixture] {
    let conversations = try Fixtures.chat("conversations")
    let document = try Fixtures.chat(name)
    return (document["cases"]?.array ?? []).map { entry in
      let conversation = entry["conversation"]?.string ?? ""
      var variables: [String: JSON] = ["date": "2024-07-06"]
      for (name, value) in entry["variables"]?.members ?? [] { variables[name] = value }
      return ChatFixture(
        source: (entry["source"] ?? document["source"])?.string ?? "",
        conversation: conversation,
        messages: (conversations[conversation]?.array ?? []).map {
          ChatMessage(role: $0["role"]?.string ?? "", content: $0["content"]?.string ?? "")
        },
        generate: entry["generate"]?.bool ?? true, variables: variables,
        expected: entry["expected"]?.string, raised: entry["raises"]?.string)
    }
  }

  func render(_ template: ChatTemplate) throws(SparrowError) -> String {
    try template.render(
      messages: messages, addGenerationPrompt: generate, bosToken: "<s>", eosToken: "</s>",
      variables: variables
    ).text
  }
}
