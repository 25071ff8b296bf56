import SparrowCore
import SparrowTestSupport

@testable import SparrowTokenizers

/// A rendering that Jinja has made, from `Tests/Fixtures/chat`.
struct ChatFixture: Sendable, CustomStringConvertible {
  static let models = [
    "chatml", "gemma2", "gemma3", "llama2", "llama3", "llama3.1", "llama3.2", "ministral-3",
    "mistral-7b", "mistral-nemo", "mistral-small-3.2", "qwen2", "qwen2.5", "qwen3", "qwen3-coder",
    "qwen3.5", "qwq", "smollm2", "smollm3", "zephyr",
  ]

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

  static func document(_ name: String) throws -> JSON {
    try JSON.parse(try MappedFile(path: Fixtures.path("chat/\(name).json")))
  }

  static func load(_ name: String) throws -> [ChatFixture] {
    let conversations = try document("conversations")
    let document = try document(name)
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
