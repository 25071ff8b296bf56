import Sparrow

extension ModelService {
  /// The tokens of a conversation and of the functions that it may call, by the model's template.
  ///
  /// `variables` are for the template. Throws for no messages and for what the template refuses, by
  /// the field's name.
  func prompt(
    _ messages: ChatMessages, _ tools: ToolSet, variables: [String: JSON] = [:], field: String
  ) throws(APIError) -> [Int32] {
    guard !messages.messages.isEmpty else {
      throw APIError(field + " holds no message; expected one at least", parameter: field)
    }
    let format = ToolFormat(tokenizer.chatTemplate)
    var (messages, variables) = (messages, variables)
    if ToolFormat.isKnown(to: tokenizer.chatTemplate) {
      if tools.areShown { variables["tools"] = tools.json }
    } else {
      messages = messages.plain(format)
      // Not every template takes a system message, so that the first message tells it.
      if tools.areShown {
        messages.messages[0].text = tools.text(format) + messages.messages[0].text
      }
    }
    do throws(SparrowError) {
      return tokenizer.encode(try tokenizer.render(messages: messages.json, variables: variables))
    } catch {
      throw APIError(error, field: field)
    }
  }
}
