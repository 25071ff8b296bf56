public import SparrowCore
public import SparrowTemplates

extension Tokenizer {
  /// A conversation as the model's chat template writes it, with the start of the answer when
  /// `addGenerationPrompt`.
  ///
  /// Throws `.unsupported` when the model has no
  /// chat template or it uses what Sparrow does not know.
  public func render(
    _ messages: [ChatMessage], addGenerationPrompt: Bool = true
  ) throws(SparrowError) -> ChatPrompt {
    try template().render(
      messages: messages, addGenerationPrompt: addGenerationPrompt, bosToken: bosText,
      eosToken: eosText)
  }

  /// The same of messages with more than a role and a text, such as calls of functions, as
  /// transformers' `apply_chat_template` takes them; `variables` as `ChatTemplate.render` takes
  /// them, `tools` among them.
  public func render(
    messages: JSON, variables: [String: JSON] = [:], addGenerationPrompt: Bool = true
  ) throws(SparrowError) -> ChatPrompt {
    var variables = variables
    variables["messages"] = messages
    return try template().render(
      messages: [], addGenerationPrompt: addGenerationPrompt, bosToken: bosText,
      eosToken: eosText, variables: variables)
  }

  private func template() throws(SparrowError) -> ChatTemplate {
    if let chatTemplate { return chatTemplate }
    if let chatTemplateProblem { throw chatTemplateProblem }
    throw SparrowError(
      .unsupported, field: "chat template", found: "none",
      expected: "an instruction-tuned model, or plain text")
  }
}
