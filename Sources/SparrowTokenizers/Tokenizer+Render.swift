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
    guard let chatTemplate else {
      if let chatTemplateProblem { throw chatTemplateProblem }
      throw SparrowError(
        .unsupported, field: "chat template", found: "none",
        expected: "an instruction-tuned model, or plain text")
    }
    return try chatTemplate.render(
      messages: messages, addGenerationPrompt: addGenerationPrompt, bosToken: bosText,
      eosToken: eosText)
  }
}
