#if Training
  import ArgumentParser
  import SparrowTraining

  /// Which neurons a model that learns with top-k keeps, beside their part.
  struct TopKOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Neurons that are chosen together: 1, 4, 8, 16 or 32.")
    var groups = TopKRecipe().groupSize

    @Option(
      parsing: .unconditional,
      help: "Part of the neurons that every token uses: HiRE's common path.")
    var common = TopKRecipe().common

    @Option(
      parsing: .unconditional, help: "Which layers are sparse: all, odd or last-half.",
      transform: TopKOptions.layers)
    var layers = TopKRecipe().layers

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Directions of low-rank sketches that are learnt beside the model: HiRE-LR. 0 learns none.",
        discussion: "A multiple of 32; a quarter of the width is the paper's choice for the head."))
    var rank = TopKRecipe().sketchRank

    @Option(
      parsing: .unconditional,
      help: "Groups that a learnt sketch fetches for a token, as a multiple of k.")
    var candidatesPerK = TopKRecipe().candidates

    private static func layers(_ name: String) throws -> TopKRecipe.Layers {
      guard let layers = TopKRecipe.Layers(rawValue: name) else {
        throw ValidationError("--layers \(name): expected all, odd or last-half")
      }
      return layers
    }

    func recipe(
      _ training: TrainOptions, from start: TopKRecipe = TopKRecipe()
    ) -> TopKRecipe {
      var recipe = start
      recipe.groupSize = groups
      recipe.common = common
      recipe.layers = layers
      recipe.sketchRank = rank
      recipe.candidates = candidatesPerK
      recipe.steps = training.steps
      recipe.rate = training.rate
      recipe.warmUp = training.warmUp
      return recipe
    }
  }
#endif
