/// What was entered in a chat: a message, or a word to the program, which begins with a slash.
enum ChatEntry: Equatable {
  case message(String)
  case help
  /// A new conversation.
  case new
  /// Another system message; nil shows the one there is.
  case system(String?)
  case regenerate
  case save(String)
  case exit
  case unknown(String)

  init(_ entered: String) {
    let text = Self.withoutQuotes(entered)
    guard text == entered, text.hasPrefix("/") else {
      self = .message(text)
      return
    }
    let word = text.prefix { !$0.isWhitespace }
    let rest = Self.trimmed(text.dropFirst(word.count))
    switch (word, rest.isEmpty) {
    case ("/help", true): self = .help
    case ("/new", true), ("/clear", true): self = .new
    case ("/system", _): self = .system(rest.isEmpty ? nil : Self.withoutQuotes(rest))
    case ("/regenerate", true): self = .regenerate
    case ("/save", false): self = .save(rest)
    case ("/exit", true): self = .exit
    default: self = .unknown(String(word))
    }
  }

  static let commandList = """
    /new, /clear     begin a new conversation
    /system TEXT     what the model is told before the conversation, from now on
    /regenerate      another answer to the last message
    /save FILE       write the conversation as JSON
    /exit            leave; so does Ctrl-D
    Several lines: end a line with \\, press Alt-Enter, paste, or put them between
    \"\"\" and \"\"\". A message that begins with / is sent after a space.
    Ctrl-C stops an answer, clears the line, and in an empty one leaves. Ctrl-R
    looks for an earlier message.

    """

  /// How an entry goes on when Enter is pressed: nil when it is complete, else how many characters
  /// at its end only said that it does.
  static func continuation(of entered: String) -> Int? {
    if entered.hasPrefix(quotes) {
      let isClosed = entered.count >= 6 && trimmed(entered[...]).hasSuffix(quotes)
      return isClosed ? nil : 0
    }
    return entered.hasSuffix("\\") ? 1 : nil
  }

  private static let quotes = "\"\"\""

  /// What stands between two triple quotes, without the line feeds beside them; other text as it
  /// is.
  private static func withoutQuotes(_ text: String) -> String {
    let whole = trimmed(text[...])
    guard whole.count >= 6, whole.hasPrefix(quotes), whole.hasSuffix(quotes) else { return text }
    var inner = whole.dropFirst(3).dropLast(3)
    if inner.first == "\n" { inner.removeFirst() }
    if inner.last == "\n" { inner.removeLast() }
    return String(inner)
  }

  private static func trimmed(_ text: Substring) -> String {
    String(
      String(text.drop(while: \.isWhitespace).reversed()).drop(while: \.isWhitespace).reversed())
  }
}
