import ArgumentParser
import Sparrow
import SparrowCore

/// `sparrow embed`: vectors of texts.
struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Print vectors of texts, by an encoder such as BERT.",
    usage: "sparrow embed [<options>] <model> [--text <text> ...]",
    discussion: """
      Examples:
        sparrow embed all-MiniLM-L6-v2 --text "a small bird" --text "a sparrow"
        sparrow embed all-MiniLM-L6-v2 < sentences.txt > vectors.txt

      Without --text each line of standard input is a text. A vector is a line of numbers, pooled \
      and normalised as sentence-transformers' files beside the weights say.
      """)

  @OptionGroup var model: PathOptions

  @Option(parsing: .unconditionalSingleValue, help: "A text; may be given more than once.")
  var text: [String] = []

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let embedder = try Embedder.load(try model.path(), threads: threads.count)
    var list: [JSON] = []
    try forEachText { text throws(SparrowError) in
      let vector = try embedder.embed(text)
      if output.json {
        let numbers = vector.map { JSON.number(Double("\($0)") ?? 0) }
        list.append(["text": .string(text), "vector": .array(numbers)])
      } else {
        Terminal.write(vector.map { "\($0)" }.joined(separator: " ") + "\n")
      }
      try Terminal.check()
    }
    guard output.json else { return }
    output.print(["dimension": .integer(embedder.configuration.hidden), "embeddings": .array(list)])
  }

  private func forEachText(_ body: (String) throws(SparrowError) -> Void) throws(SparrowError) {
    for text in text {
      try Interrupt.check()
      try body(text)
    }
    guard text.isEmpty else { return }
    var stream = InputStream.standard
    while let line = try stream.nextLine() {
      try body(TextFile.text(of: line, file: stream.name))
    }
  }
}
