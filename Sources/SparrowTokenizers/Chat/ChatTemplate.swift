public import SparrowCore

/// A model's chat template: turns a conversation into the text that the model continues.
///
/// The language is the part of Jinja that the templates of Llama 2 to 3.3, Mistral, SmolLM, ChatML, Qwen 2 to 3.5 and Gemma 2 and 3
/// use, rendered as Hugging Face's `apply_chat_template` does. Anything else is refused by name, never guessed.
public struct ChatTemplate: Sendable {
  public let source: String
  private let file: String
  private let statements: [TemplateStatement]
  /// Names of variables that the template hides.
  private let own: Set<String>

  /// Parses a template; `file` is named in errors. Throws `.malformed` for what is no template, and `.unsupported` for a construct
  /// that Sparrow does not know, with its line.
  public init(source: String, file: String) throws(SparrowError) {
    self.source = source
    self.file = file
    statements = try TemplateParser.parse(source, file: file)
    own = TemplateSymbols(statements).own
  }

  /// The prompt of a conversation, with the start of the answer when `addGenerationPrompt`.
  ///
  /// `variables` are seen by the template under their names (`tools`, `enable_thinking`, …); `date`, such as `2024-07-26`, is what
  /// `strftime_now` takes for today. Throws `.argument` with the template's own message when it raises one, and `.malformed` when
  /// rendering fails or passes a limit on steps, nesting or output.
  public func render(
    messages: [ChatMessage], addGenerationPrompt: Bool, bosToken: String, eosToken: String,
    variables: [String: JSON] = [:]
  ) throws(SparrowError) -> String {
    try render(
      messages: messages, addGenerationPrompt: addGenerationPrompt, bosToken: bosToken,
      eosToken: eosToken, variables: variables, budget: TemplateBudget())
  }

  func render(
    messages: [ChatMessage], addGenerationPrompt: Bool, bosToken: String, eosToken: String,
    variables: [String: JSON], budget: TemplateBudget
  ) throws(SparrowError) -> String {
    let scope = TemplateScope()
    scope["messages"] = .list(
      TemplateList(
        messages.map { message in
          var dictionary = TemplateDictionary()
          dictionary.append("role", .text(message.role))
          dictionary.append("content", .text(message.content))
          return .dictionary(dictionary)
        }))
    scope["add_generation_prompt"] = .boolean(addGenerationPrompt)
    scope["bos_token"] = .text(bosToken)
    scope["eos_token"] = .text(eosToken)
    // Hugging Face passes these two whether or not there are any.
    scope["tools"] = TemplateValue.null
    scope["documents"] = TemplateValue.null
    for (name, value) in variables where name.utf8.allSatisfy({ $0 < 0x80 }) {
      scope[name] = try TemplateValue(value, name: name, depth: 0)
    }
    for name in own { scope[name] = nil }
    let interpreter = TemplateInterpreter(
      file: file, scope: scope, date: variables["date"], budget: budget)
    return try interpreter.run(statements)
  }
}
