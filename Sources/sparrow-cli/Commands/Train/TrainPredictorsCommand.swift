#if Training
  import ArgumentParser
  import Sparrow
  import SparrowCalibration
  import SparrowCore
  import SparrowSparsity
  import SparrowTraining

  /// `sparrow train predictors`: low-rank maps that tell which neurons or vocabulary rows count.
  struct TrainPredictorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "predictors",
      abstract: "Learn which neurons or heads count, or a low-rank head, beside a frozen model.",
      discussion: """
        Examples:
          sparrow train predictors relu-model --text corpus --rate 0.001 --weight-decay 0.01 \
            --output run
          sparrow calibrate networks relu-model --method low-rank --every-layer \
            --target density=0.5 --text corpus --output fitted
          sparrow train predictors relu-model --start fitted --text corpus --output run
          sparrow train predictors model.gguf --head --rank 128 --text corpus --output run

        Deja Vu's predictors of neurons or (--attention) head groups, by the cross-entropy that \
        its code weighs for recall and with its rate and decay, or with --head HiRE's low-rank \
        softmax. The adapter goes to the run's folder. sparrow calibrate networks --method \
        low-rank fits such predictors in closed form, from far less text; with --start training \
        begins with those, else with random ones.
        """)

    @OptionGroup var model: PathOptions
    @OptionGroup var training: TrainOptions

    @Flag(help: "Train predictors of attention's head groups instead of neurons.")
    var attention = false

    @Flag(help: "Train a low-rank head instead of predictors of neurons.")
    var head = false

    @Option(
      parsing: .unconditional,
      help: "An adapter whose low-rank predictors training starts from, of the same rank.",
      completion: .directory)
    var start: String?

    @Option(
      parsing: .unconditional, help: "Directions between the two maps; 0 is a quarter of the width."
    )
    var rank = PredictorRecipe().rank

    @Option(
      parsing: .unconditional,
      help:
        "Part of the neurons, where activations are never zero, or head groups, that a token needs."
    )
    var density = PredictorRecipe().density

    @Option(
      parsing: .unconditional,
      help: "Part of the firing neurons to find, where activations are zero or not.")
    var recall = PredictorRecipe().recall

    @Flag(help: "Read the input of the layer before, so that predicting overlaps its work.")
    var lookahead = false

    @Option(
      parsing: .unconditional,
      help: "Which layers' attention becomes sparse: perplexity=1.02 or density=0.8.",
      transform: { try PlanTarget($0) })
    var target = PlanTarget.perplexity(1.02)

    func validate() throws {
      guard !(head && attention) else {
        throw ValidationError("--head and --attention: expected one of them")
      }
      guard !(head && start != nil) else {
        throw ValidationError("--head and --start: expected one of them")
      }
    }

    func run() throws {
      var recipe = PredictorRecipe()
      recipe.part = head ? .head : attention ? .attention : .networks
      recipe.start = try start.map { try PredictorStart($0, part: recipe.part) }
      recipe.rank = rank
      recipe.density = density
      recipe.recall = recall
      recipe.lookahead = lookahead
      recipe.steps = training.steps
      recipe.rate = training.rate
      recipe.warmUp = training.warmUp
      var options = try training.start()
      options.trainer.optimizer = PredictorRecipe.optimizer(weightDecay: training.weightDecay)
      let path = try model.path()
      let began = monotonicSeconds()
      let trained = try TrainCommand.train(
        model: path, recipe, options, steps: training.steps
      ).trained
      guard options.rank == 0 else { return }
      let model = try Model.loadAndWarn(path)
      let bar = ProgressBar()
      defer { bar.clear() }
      let made = try recipe.measured(
        trained, beside: model, attentionTarget: target, progress: bar.progress())
      let folder = options.output + "/adapter"
      try made.adapter.write(to: folder)
      bar.clear()
      var report = Calibration.Report(model)
      report.networks = made.networks
      report.attention = made.attention
      report.head = made.head
      Terminal.write(
        CalibrationReport(
          folder: folder, adapter: made.adapter, measured: report,
          seconds: monotonicSeconds() - began
        ).text)
    }
  }
#endif
