#if Training
  internal import Sparrow
  package import SparrowCore
  internal import SparrowFormats
  internal import SparrowTokenizers
  internal import SparrowTransformer

  /// Text that a model writes by itself, as a file to train on: the data that distils a model from
  /// its dense self.
  package struct SamplingRun {
    package struct Options: Sendable {
      /// Tokens to draw at least.
      package var tokens = 20_000_000
      /// Rows that are drawn together, and tokens of a row.
      package var rows = 512
      package var length = 1024
      package var temperature: Float = 1
      package var seed: UInt64 = 0
      /// Texts that rows begin with, one after the other; without any rows begin with nothing.
      package var openings: TrainingText?
      /// Tokens of an opening at most.
      package var openingLength = 32
      /// Products are made in this type.
      package var type = TensorType.float32
      /// A new file, of lines `{"text": …}`.
      package var output = ""

      package init() {}
    }

    private let options: Options
    private let tokenizer: Tokenizer
    private let sampler: TokenSampler
    private let openings: [[Int32]]

    /// Reads the model and the openings. Throws what opening them throws, `.mismatch` for a
    /// tokenizer without a token to begin with, `.argument` for options out of range and an output
    /// that holds something.
    package init(model path: String, options: Options) throws(SparrowError) {
      let checkpoint = try Checkpoint.open(path)
      let description = try ModelDescription(checkpoint)
      try description.configuration.requireDecoder(file: path)
      try Self.check(options, description.configuration)
      self.options = options
      tokenizer = try checkpoint.tokenizer()
      openings = try Self.openings(options, tokenizer)
      guard let boundary = tokenizer.documentBoundary else {
        throw SparrowError(
          .mismatch, file: path, field: "tokenizer", found: "no start or end-of-text token",
          expected: "one, to begin documents with")
      }
      sampler = try TokenSampler(
        SparseTransformer(description.configuration, type: options.type),
        Parameters(description.binding), boundary: boundary,
        ends: tokenizer.endTokens, temperature: options.temperature)
    }

    private static func check(
      _ options: Options, _ model: ModelConfiguration
    ) throws(SparrowError) {
      // Keys that are kept have turned by the frequencies of short rows.
      let most = min(model.contextLength, model.longRotaryBeyond ?? .max)
      func require(
        _ isGood: Bool, _ field: String, _ found: String, _ expected: String
      ) throws(SparrowError) {
        if !isGood {
          throw SparrowError(.argument, field: field, found: found, expected: expected)
        }
      }
      // Their products shall stay far from what an integer holds.
      for (field, value, most) in [
        ("tokens", options.tokens, 1_000_000_000_000), ("rows", options.rows, 1_000_000),
      ] {
        try require((1...most).contains(value), field, "\(value)", "1 to \(most)")
      }
      try require(
        (2...max(2, most)).contains(options.length), "length", "\(options.length)",
        "2 to the model's \(most)")
      try require(
        options.openings == nil || (1..<options.length - 1).contains(options.openingLength),
        "opening length",
        "\(options.openingLength)", "1 to two less than the length")
      try require(
        options.temperature > 0 && options.temperature.isFinite, "temperature",
        "\(options.temperature)", "more than 0")
      // The same seed would write the same text into it once more.
      try require(
        (Files.size(options.output) ?? 0) == 0, "output", "\(options.output), which is not empty",
        "a new file")
    }

    /// The first tokens of the texts that rows begin with, shuffled by the seed: files hold like
    /// beside like.
    private static func openings(
      _ options: Options, _ tokenizer: Tokenizer
    ) throws(SparrowError) -> [[Int32]] {
      var found: [[Int32]] = []
      try options.openings?.forEachDocument { document, _ in
        guard case .text(let text) = document.content else { return }
        // No token is of less than a byte, and few are of more than eight.
        let start = String(text.prefix(8 * options.openingLength))
        let ids = tokenizer.encode(start, addSpecial: false, parseSpecial: false)
        found.append(Array(ids.prefix(options.openingLength)))
      }
      if let openings = options.openings, found.isEmpty {
        throw SparrowError(
          .malformed, file: openings.files[0], field: "openings", found: "conversations alone",
          expected: "texts that rows can begin with")
      }
      var random = SeededRandom(seed: options.seed)
      found.shuffle(using: &random)
      return found
    }

    /// Draws batches of rows until there are tokens enough; a batch's documents are written as soon
    /// as it is done, so that a run that is stopped keeps all but its last batch.
    ///
    /// Throws `.cancelled` where `progress` is asked to stop.
    package func run(
      progress: Progress
    ) throws(SparrowError) -> (documents: Int, tokens: Int) {
      let drawn = options.length - 1
      let count = min(options.rows, (options.tokens + drawn - 1) / drawn)
      let batches = (options.tokens + count * drawn - 1) / (count * drawn)
      var file = try AppendingFile(path: options.output)
      var random = SeededRandom(seed: options.seed)
      var documents = 0
      var tokens = 0
      var begun = 0
      let total = batches * count * drawn
      for _ in 0..<batches {
        let range = begun..<begun + (openings.isEmpty ? 0 : count)
        begun = range.upperBound
        let rows = try sampler.rows(
          count, length: options.length, seed: random.next(),
          openings: range.map { openings[$0 % openings.count] }
        ) {
          new throws(SparrowError) in
          tokens += new
          try progress.report(.init(tokens, of: total, .items("tokens")))
        }
        let lines = rows.flatMap(lines)
        try file.write(lines.flatMap { Array(($0 + "\n").utf8) })
        documents += lines.count
      }
      return (documents, tokens)
    }

    /// A row's documents. The last one ends where the row does.
    private func lines(_ row: [Int32]) -> [String] {
      row.split(separator: sampler.boundary).compactMap { document in
        let text = tokenizer.decode(document, skipSpecial: true)
        return text.isEmpty ? nil : JSON.object([("text", .string(text))]).text()
      }
    }
  }
#endif
