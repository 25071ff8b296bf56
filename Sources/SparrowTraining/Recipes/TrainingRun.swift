#if Training
  package import Sparrow
  package import SparrowCore
  package import SparrowFormats
  internal import SparrowTokenizers
  package import SparrowTransformer

  /// Everything that a run needs from a checkpoint and texts to the trained parameters.
  package struct TrainingRun {
    package struct Options: Sendable {
      package var text: [String] = []
      /// A text to measure on; nil holds a hundredth of the documents back.
      package var heldOutText: String?
      package var output = ""
      /// Rows of a batch, and tokens of a row.
      package var batch = 16
      package var length = 512
      package var seed: UInt64 = 0
      /// This process and all that train together, each with batches of its own.
      package var rank = 0
      package var ranks = 1
      package var trainer = Trainer.Options()

      package init() {}

      /// Runs `work` in the first process before the others, which then find its files.
      package func inTurn<Value>(
        _ work: () throws(SparrowError) -> Value
      ) throws(SparrowError) -> Value {
        if rank > 0 { try TensorGroup.meet() }
        let value = try work()
        if rank == 0, ranks > 1 { try TensorGroup.meet() }
        return value
      }
    }

    /// What training gave.
    package struct Result {
      /// With the activations that were trained.
      package var configuration: ModelConfiguration
      package var parameters: Parameters
      /// Neuron at each place of the trained model, by layer; empty where neurons kept their places.
      package var orders: [[Int32]]
      package var networks: [NetworkMode]
      /// Rows that were not learnt.
      package var heldOut: TokenRows?
    }

    package let checkpoint: Checkpoint
    package let description: ModelDescription
    package let recipe: Recipe
    package let options: Options

    /// Throws what opening the model throws, and `.mismatch` for a start that was made for another.
    package init(model path: String, recipe: Recipe, options: Options) throws(SparrowError) {
      checkpoint = try Checkpoint.open(path)
      description = try ModelDescription(checkpoint)
      try description.configuration.requireTrainable(file: path)
      self.recipe = recipe
      self.options = options
      switch recipe {
      case .lte(let recipe):
        try recipe.start?.check(description.configuration, base: checkpoint.contentHash())
      case .predictors(let recipe):
        try recipe.start?.check(description.configuration, base: checkpoint.contentHash())
      case .topK, .relu: break
      }
    }

    /// `progress` tells what is prepared, `report` each line of metrics.
    package func run(
      progress: (_ done: Int, _ total: Int, _ what: String) throws(SparrowError) -> Void,
      report: (TrainingStep, _ stage: String) throws(SparrowError) -> Void,
      shouldStop: () -> Bool
    ) throws(SparrowError) -> Result {
      let dense = description.configuration
      let model = recipe.configuration(dense)
      let stages = try recipe.stages(model)
      let (reader, heldOut) = try options.inTurn { () throws(SparrowError) in try rows(progress) }
      let folder = try options.inTurn { () throws(SparrowError) in
        try CheckpointFolder(path: options.output + "/checkpoints")
      }
      try progress(0, 1, "reading weights")
      var parameters = try Parameters(description.binding)
      let teacher =
        recipe.distils ? (dense, parameters.mapped { $1.cast(options.trainer.type) }) : nil
      var orders: [[Int32]] = []
      switch recipe {
      case .lte(let recipe):
        orders = try options.inTurn { () throws(SparrowError) in
          try self.orders(recipe, parameters, progress)
        }
        let routers = try self.routers(recipe, parameters, reader)
        recipe.prepare(&parameters, orders: orders, routers: routers, seed: options.seed)
      case .predictors(let recipe): recipe.prepare(&parameters, model, seed: options.seed)
      case .topK(let recipe):
        try recipe.prepare(
          &parameters, model, pool: try WorkerPool(count: availableProcessors())
        ) { done, total throws(SparrowError) in try progress(done, total, "starting sketches") }
      case .relu: break
      }
      let trainer = try Trainer(
        model, parameters, stages: stages, reader: reader, heldOut: heldOut, teacher: teacher,
        folder: folder, run: identity(stages, reader), options: options.trainer)
      var metrics: TrainingMetrics?
      if options.rank == 0 {
        metrics = try TrainingMetrics(
          path: options.output + "/metrics.jsonl",
          resumedAfter: trainer.stepsDone == 0 ? nil : trainer.stepsDone)
      }
      defer { if options.rank == 0 { writeReport() } }
      let trained = try trainer.train(
        report: { line, stage throws(SparrowError) in
          try metrics?.append(line)
          try report(line, stage)
        }, shouldStop: shouldStop)
      return Result(
        configuration: model, parameters: trained, orders: orders,
        networks: stages[stages.count - 1].networks,
        heldOut: heldOut)
    }

    /// The start's routers, measured on the run's first rows, or random ones.
    private func routers(
      _ recipe: LTERecipe, _ parameters: Parameters, _ reader: BatchReader
    ) throws(SparrowError) -> Parameters {
      let model = description.configuration
      guard let start = recipe.start else {
        return recipe.randomRouters(model, seed: options.seed)
      }
      var reader = reader
      return try start.routers(
        SparseTransformer(model, type: options.trainer.type), parameters,
        tokens: Objective.Batch(reader.next()).tokens)
    }

    /// The start's groups, those that an earlier start of this run has made, or new ones.
    private func orders(
      _ recipe: LTERecipe, _ parameters: Parameters,
      _ progress: (Int, Int, String) throws(SparrowError) -> Void
    ) throws(SparrowError) -> [[Int32]] {
      let layers = description.configuration.layers
      if let start = recipe.start {
        return layers.enumerated().map { index, layer in
          let order = start.layers[index]?.order ?? []
          return order.isEmpty ? Array(0..<Int32(layer.feedForward.width)) : order
        }
      }
      let key = "\(checkpoint.contentHash()) \(recipe.groupSize) \(options.seed)"
      let path = options.output + "/groups.json"
      if let known = NeuronOrders.read(path, key: key), known.count == layers.count {
        return known
      }
      let pool = try WorkerPool(count: availableProcessors())
      var orders: [[Int32]] = []
      for (index, layer) in layers.enumerated() {
        try progress(index, layers.count, "grouping neurons")
        orders.append(
          try parameters.neuronOrder(
            index, layer.feedForward, groupSize: recipe.groupSize, seed: options.seed, pool: pool))
      }
      try NeuronOrders(key: key, orders: orders).write(path)
      return orders
    }

    /// The page of curves; a run is not lost for want of it.
    private func writeReport() {
      guard let steps = try? TrainingMetrics.read(options.output + "/metrics.jsonl") else { return }
      var target: Double?
      if case .lte(let recipe) = recipe { target = recipe.targetDensity }
      let report = TrainingReport(
        title: "Training " + (checkpoint.path.split(separator: "/").last.map(String.init) ?? ""),
        subject: options.text.joined(separator: ", "), steps: steps, targetDensity: target)
      try? report.write(to: options.output + "/report.html")
    }

    private func rows(
      _ progress: (Int, Int, String) throws(SparrowError) -> Void
    ) throws(SparrowError) -> (BatchReader, TokenRows?) {
      let tokenizer = try checkpoint.tokenizer()
      func read(
        _ paths: [String], _ part: Double
      ) throws(SparrowError) -> TrainingData {
        try TrainingData(
          TrainingText(paths), tokenizer: tokenizer, heldOut: part,
          cache: options.output + "/tokens"
        ) { done, total throws(SparrowError) in try progress(done, total, "reading text") }
      }
      let data = try read(options.text, options.heldOutText == nil ? 0.01 : 0)
      let heldOut = try options.heldOutText.map { path throws(SparrowError) in
        try read([path], 0).training
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
        ("seed", .string("\(options.seed)")), ("recipe", .string("\(recipe)")),
        ("stages", .array(stages.map { .string("\($0.name) \($0.steps)") })),
      ])
    }
  }
#endif
