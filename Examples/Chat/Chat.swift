import ArgumentParser
import Sparrow

/// A conversation, a line a message, until the input ends: `swift run example-chat model.gguf`.
@main
struct Chat: ParsableCommand {
  @Argument(help: "A GGUF file or a Hugging Face folder with a chat template.")
  var path: String

  func run() throws {
    let model = try Model.load(path)
    // The session keeps what renderings of the growing conversation share: a turn costs its own
    // tokens only.
    let session = try model.session()
    let options = GenerationOptions(
      maximumTokens: 256, sampling: SamplingOptions(temperature: 0.7, topP: 0.95))
    var messages = [ChatMessage.system("You answer in one sentence.")]
    while let line = readLine() {
      messages.append(.user(line))
      let answer = try session.reply(to: messages, options: options) { piece in
        print(piece, terminator: "")
        return true
      }
      print()
      messages.append(.assistant(answer.text))
      // The session is full: forget the oldest turn.
      if answer.reason == .context { messages.removeSubrange(1...2) }
    }
  }
}
