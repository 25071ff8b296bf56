#if Training
  internal import Sparrow
  package import SparrowCore
  package import SparrowFormats
  internal import SparrowTokenizers
  package import SparrowTransformer

  /// The way from a checkpoint and texts to a trained model, by a recipe.
  package struct TrainingRun {
    package let checkpoint: Checkpoint
    package let binding: WeightBinding
    package let recipe: any Recipe
    package let options: TrainingOptions

    /// The model that training begins with.
    package var configuration: ModelConfiguration { binding.configuration }

    /// Throws what opening the model throws, and `.mismatch` for a recipe that starts from another.
    package init(
      model path: String, recipe: any Recipe, options: TrainingOptions
    ) throws(SparrowError) {
      checkpoint = try Checkpoint.open(path)
      binding = try ModelDescription(checkpoint).binding
      try binding.configuration.requireDecoder(file: path)
      self.recipe = recipe
      self.options = options
      try recipe.check(configuration, base: checkpoint.contentHash())
    }

    /// `progress` tells what is prepared, `report` each line of metrics.
    package func run(
      progress: Progress,
      report: (TrainingStep, _ stage: String) throws(SparrowError) -> Void,
      shouldStop: () -> Bool
    ) throws(SparrowError) -> TrainedModel {
      let model = recipe.configuration(configuration)
      let stages = try recipe.stages(model)
      let (reader, heldOut) = try options.inTurn { () throws(SparrowError) in
        try rows(progress.part(0..<0.6))
      }
      let folder = try options.inTurn { () throws(SparrowError) in
        try CheckpointFolder(path: options.output + "/checkpoints")
      }
      try progress.report(0.6, "reading weights")
      var first = reader
      var start = TrainingStart(
        configuration: model, base: checkpoint.contentHash(), options: options,
        tokens: Objective.Batch(try first.next()).tokens, parameters: try Parameters(binding))
      let isTaught = stages.contains { $0.objective.distillation > 0 }
      let teacher =
        isTaught
        ? (configuration, start.parameters.mapped { $1.cast(options.trainer.type) }) : nil
      try recipe.prepare(&start, progress: progress.part(0.7..<1))
      let trainer = try Trainer(
        model, start.parameters, stages: stages, reader: reader, heldOut: heldOut,
        teacher: teacher, folder: folder, run: identity(stages, reader), options: options.trainer)
      var metrics: TrainingMetrics?
      if options.rank == 0 {
        metrics = try TrainingMetrics(
          path: options.output + "/metrics.jsonl",
          resumedAfter: trainer.stepsDone == 0 ? nil : trainer.stepsDone)
      }
      defer { if options.rank == 0 { writeReport() } }
      if options.trainer.type == .bfloat16 {
        try progress.report(1, "compiling kernels in the first steps")
      }
      let parameters = try trainer.train(
        report: { line, stage throws(SparrowError) in
          try metrics?.append(line)
          try report(line, stage)
        }, shouldStop: shouldStop)
      return TrainedModel(
        configuration: model, parameters: parameters, orders: start.orders,
        networks: stages[stages.count - 1].networks, heldOut: heldOut, batch: options.batch,
        heldOutDensity: trainer.heldOutDensity)
    }

    /// The texts as rows of tokens: those to learn, and those to measure on.
    private func rows(
      _ progress: Progress
    ) throws(SparrowError) -> (BatchReader, TokenRows?) {
      let tokenizer = try checkpoint.tokenizer()
      func read(
        _ text: TrainingText, _ part: Double
      ) throws(SparrowError) -> TrainingData {
        try TrainingData(
          text, tokenizer: tokenizer, heldOut: part, cache: options.output + "/tokens",
          rowLength: options.length, progress: progress.part(0..<1, "reading text"))
      }
      let data = try read(
        TrainingText(options.text, tasks: options.tasks), options.heldOutText == nil ? 0.01 : 0)
      let heldOut = try options.heldOutText.map { path throws(SparrowError) in
        try read(TrainingText([path]), 0).training
      }
      let reader = try BatchReader(
        TokenRows(data.training, length: options.length), batch: options.batch,
        seed: options.seed, rank: options.rank, of: options.ranks)
      return (
        reader,
        try (heldOut ?? data.heldOut).map { store throws(SparrowError) in
          try TokenRows(store, length: options.length)
        }
      )
    }

    /// What a resumed run must have in common with the one that wrote a checkpoint.
    private func identity(_ stages: [TrainingStage], _ reader: BatchReader) -> JSON {
      .object([
        ("model", .string(checkpoint.contentHash())),
        // Named after a hash of the texts and the tokenizer.
        ("text", .string(reader.rows.store.name)),
        ("batch", .integer(options.batch)), ("length", .integer(options.length)),
        ("seed", .string("\(options.seed)")), ("recipe", .string(recipe.identity)),
        ("stages", .array(stages.map { .string("\($0.name) \($0.steps)") })),
      ])
    }

    /// The page of curves; a run is not lost for want of it.
    private func writeReport() {
      guard let steps = try? TrainingMetrics.read(options.output + "/metrics.jsonl") else { return }
      let report = TrainingReport(
        title: "Training " + (checkpoint.path.split(separator: "/").last.map(String.init) ?? ""),
        subject: (options.text + options.tasks).joined(separator: ", "), steps: steps,
        targetDensity: recipe.targetDensity)
      try? report.write(to: options.output + "/report.html")
    }
  }
#endif
