#if Training
  package import SparrowCore
  package import SparrowFormats
  package import SparrowSparsity
  package import SparrowTransformer

  /// Learn-To-be-Efficient (arXiv 2402.06126): routers learn which groups of neurons a token needs,
  /// then the model adapts to what they leave out.
  package struct LTERecipe: Recipe {
    package static let name = "lte"

    package var groupSize = 32
    /// Fitted routers to begin with; nil begins with small random ones, which throw groups away at
    /// random.
    package var start: RouterStart?
    /// Steers eta, which begins at `eta`, and is what routers are settled at on held-out text; nil
    /// leaves both as they are.
    package var targetDensity: Double? = 0.5
    package var eta = 0.01
    /// The part of the routers' steps in which the target comes from the start's density to
    /// `targetDensity`.
    package var ramp = 0.0
    /// Lambda of L_sep. As printed it is a wall: a router that starts above 0.5 never crosses it. 0
    /// with hard gates, 0.5 in the paper.
    package var separation: Float = 0
    /// The paper's stage 1 multiplies by soft scores; otherwise gates are hard from the start and
    /// routers learn through a straight-through gradient, so that both stages see what decoding
    /// runs.
    package var isSoft = false
    /// The part of the steps in which routers learn.
    package var routerShare = 0.55
    /// Weight of KL to the dense self, beside `task` of the next token's loss.
    package var distillation: Float = 1
    package var task: Float = 0.1
    /// Weight of what routers' selection loses of each network's dense result.
    package var local: Float = 0
    package var loraRank = 0
    package var steps = 1000
    package var rate = 3e-4
    /// Of routers; nil is `rate`.
    package var routerRate: Double?
    package var warmUp = 50

    package init() {}

    package func check(_ model: ModelConfiguration, base: String) throws(SparrowError) {
      try start?.check(model, base: base)
    }

    /// Throws `.argument` for what cannot be trained.
    private func validate(_ model: ModelConfiguration) throws(SparrowError) {
      func refuse(_ field: String, _ found: String, _ expected: String) -> SparrowError {
        SparrowError(.argument, field: field, found: found, expected: expected)
      }
      guard groupSize > 1, Selection.groupSizes.contains(groupSize) else {
        throw refuse("groups", "\(groupSize)", "4, 8, 16 or 32 neurons")
      }
      for (index, layer) in model.layers.enumerated()
      where layer.feedForward.width % groupSize != 0 {
        throw refuse(
          "groups", "\(groupSize)",
          "a divisor of the \(layer.feedForward.width) neurons of layer \(index)")
      }
      if let start, start.groupSize != groupSize {
        throw refuse("groups", "\(groupSize)", "\(start.groupSize) neurons, as the start has")
      }
      guard ramp == 0 || (ramp > 0 && ramp <= 1 && start != nil && targetDensity != nil) else {
        throw refuse("ramp", "\(ramp)", "0 to 1, from a start to a target density")
      }
      if let routerRate, !(routerRate >= 0 && routerRate.isFinite && rate > 0) {
        throw refuse(
          "router rate", "\(routerRate) with a rate of \(rate)", "0 or more, with a rate above 0")
      }
      guard steps > 0 else { throw refuse("steps", "\(steps)", "1 or more") }
      guard routerShare > 0, routerShare <= 1 else {
        throw refuse("router share", "\(routerShare)", "above 0, at most 1")
      }
      for (field, weight) in [("eta", eta), ("local", Double(local))]
      where !(weight >= 0 && weight.isFinite) {
        throw refuse(field, "\(weight)", "0 or more")
      }
      guard task + distillation > 0 else { throw refuse("task", "no loss", "a weight above 0") }
    }
  }

  extension LTERecipe {
    // MARK: - What is learnt

    /// Routers with the model around them, then the model alone. Throws `.argument` for what cannot
    /// be trained.
    package func stages(_ model: ModelConfiguration) throws(SparrowError) -> [TrainingStage] {
      try validate(model)
      let first = max(1, Int(Double(steps) * routerShare))
      let adaptation = Objective(task: task, distillation: distillation)
      var objective = adaptation
      objective.separation = separation
      objective.local = local
      let pressure: Pressure =
        if let target = targetDensity {
          .controlled(
            try DensityController(
              target: target, ramp: start.flatMap { ramp($0, steps: first) }, eta: eta))
        } else { .constant(eta) }
      let isLow = loraRank > 0
      let learnt: @Sendable (String) -> Bool = { name in
        isLow ? LoRA.isFactor(name) : !ParameterName.isRouter(name)
      }
      let soft =
        isSoft
        ? NetworkMode.soft(groupSize: groupSize)
        : .hard(groupSize: groupSize, straightThrough: true)
      let hard = NetworkMode.hard(groupSize: groupSize, straightThrough: false)
      let factor: Float = routerRate.map { Float($0 / rate) } ?? 1
      var list = [
        TrainingStage(
          name: "routers", steps: first, networks: networks(soft, model), objective: objective,
          rate: try learningRate(first, after: 0), pressure: pressure,
          settledDensity: targetDensity,
          rateFactor: { ParameterName.isRouter($0) ? factor : 1 },
          learns: { learnt($0) || ParameterName.isRouter($0) })
      ]
      if first < steps {
        list.append(
          TrainingStage(
            name: "adaptation", steps: steps - first,
            networks: networks(hard, model), objective: adaptation,
            rate: try learningRate(first, after: first), settledDensity: targetDensity,
            learns: learnt))
      }
      return list
    }

    /// One cosine over both stages.
    private func learningRate(
      _ first: Int, after before: Int
    ) throws(SparrowError) -> LearningRate {
      try LearningRate(
        peak: rate, warmUp: min(warmUp, first / 2), decay: .cosine(steps: steps, floor: 0.05),
        after: before)
    }

    /// A start that touches everything has no logit.
    private func ramp(_ start: RouterStart, steps: Int) -> DensityController.Ramp? {
      guard ramp > 0 else { return nil }
      return DensityController.Ramp(
        from: min(start.density, 0.99), steps: Int(ramp * Double(steps)))
    }

    /// What the start leaves dense stays dense.
    private func networks(_ mode: NetworkMode, _ model: ModelConfiguration) -> [NetworkMode] {
      model.layers.indices.map { index in
        start.map { $0.layers[index] == nil } ?? false ? .dense : mode
      }
    }
  }

  extension LTERecipe {
    // MARK: - The beginning

    /// Puts neurons into their groups and adds routers, and LoRA's factors.
    package func prepare(
      _ run: inout TrainingStart, progress: Progress
    ) throws(SparrowError) {
      let given = run
      run.orders = try run.options.inTurn { () throws(SparrowError) in
        try orders(given, progress: progress)
      }
      let routers = try routers(run)
      for (layer, order) in run.orders.enumerated() { run.parameters.permute(layer, order: order) }
      run.parameters = run.parameters.merged(with: routers)
      if loraRank > 0 {
        run.parameters = run.parameters.merged(
          with: LoRA.start(
            run.parameters, layers: run.orders.count, rank: loraRank,
            seed: run.options.seed &+ 104_729))
      }
    }

    /// The start's groups, those that an earlier start of this run has made, or new ones.
    private func orders(
      _ run: TrainingStart, progress: Progress
    ) throws(SparrowError) -> [[Int32]] {
      let layers = run.configuration.layers
      if let start {
        return layers.enumerated().map { index, layer in
          let order = start.layers[index]?.order ?? []
          return order.isEmpty ? Array(0..<Int32(layer.feedForward.width)) : order
        }
      }
      let seed = run.options.seed
      let known = NeuronOrders(
        path: run.options.output + "/groups.json", key: "\(run.base) \(groupSize) \(seed)")
      if let orders = known.read(), orders.count == layers.count { return orders }
      let pool = try WorkerPool(count: availableProcessors())
      var orders: [[Int32]] = []
      for (index, layer) in layers.enumerated() {
        try progress.report(index, of: layers.count, "grouping neurons")
        orders.append(
          try run.parameters.neuronOrder(
            index, layer.feedForward, groupSize: groupSize, seed: seed, pool: pool))
      }
      try known.write(orders)
      return orders
    }

    /// The start's routers, measured on the run's first rows, or random ones that start small, so
    /// that all scores stand near 0.5.
    private func routers(_ run: TrainingStart) throws(SparrowError) -> Parameters {
      if let start {
        return try start.routers(
          SparseTransformer(run.configuration, type: run.options.trainer.type), run.parameters,
          tokens: run.tokens)
      }
      var routers = Parameters()
      let hidden = run.configuration.hidden
      for (index, layer) in run.configuration.layers.enumerated() {
        let groups = layer.feedForward.width / groupSize
        let key = Tensor.randomKey(run.options.seed &+ 7919 &+ UInt64(index))
        routers[ParameterName.router(index)] =
          Tensor.normal([groups, hidden], key: key) * (0.1 / Float(hidden).squareRoot())
        routers[ParameterName.routerBias(index)] = Tensor.full([groups], 0.05)
      }
      return routers
    }

    // MARK: - The end

    /// Routers, with LoRA's factors where the model's own weights stayed.
    ///
    /// Neurons lie in their groups in a written model; in the base of updates they do not.
    package func adapter(
      of trained: TrainedModel, base: Checkpoint, progress: Progress
    ) throws(SparrowError) -> Adapter? {
      var adapter = Adapter(for: base)
      adapter.updates.matrices = try LoRA.updates(
        trained.parameters, orders: trained.orders, trained.configuration)
      for (layer, mode) in trained.networks.enumerated() {
        guard let size = mode.groupSize,
          let router = trained.parameters[ParameterName.router(layer)],
          let bias = trained.parameters[ParameterName.routerBias(layer)]
        else { continue }
        let maps = LinearPredictor(a: nil, b: try router.half(), bias: try bias.floats())
        adapter.plan.networks[layer] = FeedForwardPlan(
          predictor: .router(maps), selector: .threshold(NetworkMode.threshold), groupSize: size,
          order: loraRank > 0 && !trained.orders.isEmpty ? trained.orders[layer] : [])
      }
      return adapter.plan.isSparse || loraRank > 0 ? adapter : nil
    }
  }
#endif
