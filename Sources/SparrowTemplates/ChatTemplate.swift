public import SparrowCore

/// A model's chat template: turns a conversation into the text that the model continues.
///
/// The language is Jinja as Hugging Face's `apply_chat_template` sets it up. What Sparrow does not
/// know of it is refused by name when rendering comes to it, never guessed.
public struct ChatTemplate: Sendable, Equatable {
  public let source: String
  private let file: String
  private let statements: [TemplateStatement]
  /// Names of variables that the template hides.
  private let own: Set<String>

  /// Parses a template; `file` is named in errors. Throws `.malformed` for what is no template, and
  /// `.unsupported` for a tag that Sparrow does not know or nesting beyond its limits, with the
  /// line.
  public init(source: String, file: String) throws(SparrowError) {
    self.source = source
    self.file = file
    statements = try TemplateParser.parse(source, file: file)
    own = TemplateSymbols(statements).own
  }

  /// Templates of the same source are the same.
  public static func == (a: ChatTemplate, b: ChatTemplate) -> Bool {
    a.source.utf8.elementsEqual(b.source.utf8)
  }

  /// The prompt of a conversation, with the start of the answer when `addGenerationPrompt`.
  ///
  /// `variables` are seen by the template under their names (`tools`, `enable_thinking`, …), and
  /// `messages` in place of `messages`; `date`, such as `2024-07-26`, is what `strftime_now` takes
  /// for today. Texts of messages and variables are the conversation's words, but for roles. Throws
  /// `.argument` with the template's own message when it raises one, `.unsupported` when it comes
  /// to what Sparrow does not know, and `.malformed` when rendering fails or passes a limit on
  /// steps, nesting or output.
  public func render(
    messages: [ChatMessage], addGenerationPrompt: Bool, bosToken: String, eosToken: String,
    variables: [String: JSON] = [:]
  ) throws(SparrowError) -> ChatPrompt {
    try render(
      messages: messages, addGenerationPrompt: addGenerationPrompt, bosToken: bosToken,
      eosToken: eosToken, variables: variables, budget: TemplateBudget())
  }

  func render(
    messages: [ChatMessage], addGenerationPrompt: Bool, bosToken: String, eosToken: String,
    variables: [String: JSON], budget: TemplateBudget
  ) throws(SparrowError) -> ChatPrompt {
    let scope = TemplateScope()
    scope["messages"] = .list(
      TemplateList(
        messages.map { message in
          var dictionary = TemplateDictionary()
          dictionary.set(.text("role"), .role(message.role))
          dictionary.set(.text("content"), .text(.init(message.content, isData: true)))
          return .dictionary(dictionary)
        }))
    scope["add_generation_prompt"] = .boolean(addGenerationPrompt)
    scope["bos_token"] = .text(bosToken)
    scope["eos_token"] = .text(eosToken)
    // Hugging Face passes these two whether or not there are any.
    scope["tools"] = TemplateValue.null
    scope["documents"] = TemplateValue.null
    for (name, value) in variables where name.utf8.allSatisfy({ $0 < 0x80 }) {
      scope[name] = try TemplateValue(value, name: name)
    }
    for name in own { scope[name] = nil }
    let interpreter = TemplateInterpreter(
      file: file, scope: scope, date: variables["date"], budget: budget)
    let prompt = try interpreter.run(statements)
    return ChatPrompt(text: prompt.text, words: prompt.data)
  }
}

/// The prompt of a conversation: what the chat template wrote, and which of it are the
/// conversation's own words.
///
/// `Tokenizer.encode` reads control tokens in what the template wrote alone: those that a user has
/// typed stay text.
public struct ChatPrompt: Sendable {
  public let text: String
  /// Bytes of the conversation in `text`: ascending, apart from each other.
  public let words: [Range<Int>]
}
