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
