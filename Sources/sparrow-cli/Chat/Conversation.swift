import Sparrow
import SparrowCore

/// A conversation with a model: what was said, and how the next answer comes.
struct Conversation {
  let session: Session
  /// What the model is told before the conversation.
  var system: String?
  private(set) var messages: [ChatMessage] = []
  private var options: GenerationOptions
  /// Where it was saved, and may be saved again.
  private var savedPath: String?

  init(_ session: Session, system: String?, options: GenerationOptions) {
    self.session = session
    self.system = system
    self.options = options
  }

  private var all: [ChatMessage] { (system.map { [.system($0)] } ?? []) + messages }

  mutating func clear() { messages = [] }

  /// Answers a message, giving out text as it comes. What throws, or is stopped before its first
  /// word, leaves the conversation as it was before.
  mutating func answer(
    _ message: String, receive: (String) -> Bool
  ) throws(SparrowError) -> GenerationResult {
    let before = messages
    messages.append(.user(message))
    return try answer(orRestore: before, receive)
  }

  /// Answers the last message again, from another seed; nil when there is none.
  mutating func regenerate(receive: (String) -> Bool) throws(SparrowError) -> GenerationResult? {
    guard messages.last?.role == "assistant" else { return nil }
    let before = messages
    messages.removeLast()
    options.sampling.seed &+= 1
    return try answer(orRestore: before, receive)
  }

  private mutating func answer(
    orRestore before: [ChatMessage], _ receive: (String) -> Bool
  ) throws(SparrowError) -> GenerationResult {
    do throws(SparrowError) {
      let result = try session.reply(to: all, options: options, receive: receive)
      if result.reason == .cancelled, result.text.isEmpty {
        messages = before
      } else {
        messages.append(.assistant(result.text))
      }
      return result
    } catch {
      messages = before
      throw error
    }
  }

  /// Writes the conversation as training reads it: one object, {"messages": [{"role": …, "content":
  /// …}]}.
  ///
  /// Throws `.argument` where a file is that this conversation did not write, `.system` for what
  /// cannot be written.
  mutating func save(to path: String) throws(SparrowError) {
    guard path == savedPath || !Files.exists(path) else {
      throw SparrowError(.argument, file: path, found: "something is there", expected: "a new file")
    }
    let list = all.map { message -> JSON in
      ["role": .string(message.role), "content": .string(message.content)]
    }
    var file = try AtomicFile(path: path)
    try file.write(Array((JSON.object([("messages", .array(list))]).text() + "\n").utf8))
    try file.commit()
    savedPath = path
  }
}

extension Conversation {
  /// Whether an error says that the conversation does not fit the context: it goes on without the
  /// message.
  static func isAboutContext(_ error: SparrowError) -> Bool {
    error.kind == .argument && error.field == "context"
  }
}
