import ArgumentParser
import Sparrow
import SparrowCore

/// Which template renders a conversation.
struct ChatTemplateOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A Jinja template to render conversations with, in place of the model's.", valueName: "file"),
    completion: .file())
  var chatTemplate: String?

  /// Reads the template; nil without the option. Throws what reading and parsing it throw.
  func read() throws(SparrowError) -> ChatTemplate? {
    guard let chatTemplate else { return nil }
    return try ChatTemplate(source: TextFile.read(chatTemplate), file: chatTemplate)
  }
}
