import Sparrow

/// A prompt of `/v1/completions`: its tokens, and its text for `echo`.
struct CompletionPrompt: Sendable {
  let text: String
  let tokens: [Int32]

  /// Reads `prompt`: a text, a list of texts, tokens, or a list of lists of tokens.
  static func read(
    _ fields: RequestFields, _ service: ModelService
  ) throws(APIError) -> [CompletionPrompt] {
    let expected = "a text, a list of texts, a list of tokens or a list of such lists"
    guard let given = fields["prompt"] else { throw fields.refusal("prompt", expected) }
    if let text = given.string { return [CompletionPrompt(text, service)] }
    guard let items = given.array, let first = items.first else {
      throw fields.refusal("prompt", expected)
    }
    if first.int != nil { return [try CompletionPrompt(given, fields, service)] }
    guard items.count <= service.choiceLimit else {
      throw fields.refusal("prompt", "at most \(service.choiceLimit) prompts")
    }
    var prompts: [CompletionPrompt] = []
    for item in items {
      if let text = item.string {
        prompts.append(CompletionPrompt(text, service))
      } else if item.array != nil {
        prompts.append(try CompletionPrompt(item, fields, service))
      } else {
        throw fields.refusal("prompt", expected)
      }
    }
    return prompts
  }

  private init(_ text: String, _ service: ModelService) {
    self.text = text
    tokens = service.tokenizer.encode(text, parseSpecial: true)
  }

  private init(
    _ list: JSON, _ fields: RequestFields, _ service: ModelService
  ) throws(APIError) {
    let count = service.model.configuration.vocabulary
    let items = list.array ?? []
    var tokens: [Int32] = []
    tokens.reserveCapacity(items.count)
    for item in items {
      guard let token = item.int, (0..<count).contains(token) else {
        throw fields.refusal("prompt", "tokens from 0 to \(count - 1)")
      }
      tokens.append(Int32(token))
    }
    self.tokens = tokens
    text = service.tokenizer.decode(tokens)
  }
}
